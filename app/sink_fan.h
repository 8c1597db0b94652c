#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "app/shared_value.h"
#include "base/alert.h"

namespace app {

// Hands alerts on to several sinks, which may be replaced while alerts come in. Thread-safe.
class SinkFan : public base::AlertSink {
 public:
  using Sinks = std::vector<std::shared_ptr<base::AlertSink>>;
  void Replace(Sinks sinks) { sinks_.Store(std::make_shared<const Sinks>(std::move(sinks))); }
  void Send(std::span<const base::Alert> alerts) override {
    const std::shared_ptr<const Sinks> sinks = sinks_.Load();
    for (const auto& sink : *sinks) sink->Send(alerts);
  }

 private:
  SharedValue<const Sinks> sinks_{std::make_shared<const Sinks>()};
};

}  // namespace app
