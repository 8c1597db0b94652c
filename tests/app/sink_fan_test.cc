#include "app/sink_fan.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace app {
namespace {

class Counter : public base::AlertSink {
 public:
  void Send(std::span<const base::Alert> alerts) override { sent_ += alerts.size(); }
  size_t sent() const { return sent_; }

 private:
  std::atomic<size_t> sent_ = 0;
};

TEST(SinkFan, IsReplacedWhileAlertsComeIn) {
  constexpr size_t kAlerts = 2000;
  const auto always = std::make_shared<Counter>();
  const auto sometimes = std::make_shared<Counter>();
  SinkFan fan;
  fan.Replace({always});
  {
    const base::Alert alert{
        .labels = {{"alertname", "A"}}, .annotations = {}, .starts_at = {}, .ends_at = {}, .generator_url = {}};
    const std::jthread sender([&] {
      for (size_t i = 0; i < kAlerts; ++i) fan.Send(std::span(&alert, 1));
    });
    for (size_t i = 0; i < kAlerts; ++i)
      fan.Replace(i % 2 == 0 ? SinkFan::Sinks{always, sometimes} : SinkFan::Sinks{always});
  }
  EXPECT_EQ(always->sent(), kAlerts);
  EXPECT_LE(sometimes->sent(), kAlerts);
}

}  // namespace
}  // namespace app
