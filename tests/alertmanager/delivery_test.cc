#include <fmt/format.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cmath>
#include <set>

#include "alertmanager/delivery_queue.h"
#include "alertmanager/dispatcher.h"
#include "alertmanager/notify/http_send.h"
#include "base/text.h"
#include "tests/alertmanager/world.h"
#include "tests/support/support.h"

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

Delivery MakeDelivery(uint64_t id, const std::string& receiver, double deadline) {
  Delivery delivery;
  delivery.job.id = id;
  delivery.job.deadline = At(deadline);
  delivery.id = {receiver, "webhook", 0, true};
  return delivery;
}

class DeliveryQueueTest : public ::testing::Test {
 protected:
  uint64_t Take(double now) {
    std::vector<DeliveryEnd> ended;
    taken_ = queue_.Take(At(now), ended);
    for (const DeliveryEnd& end : ended) ended_.push_back(end.delivery.job.id);
    return taken_ ? taken_->job.id : 0;
  }
  std::optional<DeliveryEnd> Finish(Outcome outcome, double now) {
    return queue_.Finish(std::move(*taken_), std::move(outcome), At(now));
  }
  double Next() const { return base::ToSeconds(queue_.NextTake()) - base::ToSeconds(At(0)); }

  DeliveryQueue queue_{{.in_flight = 1, .queued = 2, .jitter = 0}, 1};
  std::optional<Delivery> taken_;
  std::vector<uint64_t> ended_;
};

TEST_F(DeliveryQueueTest, RetriesGrowUntilTheDeadline) {
  queue_.Push(MakeDelivery(1, "r", 5), At(0));
  double now = 0;
  std::vector<int64_t> tries;  // in milliseconds
  std::optional<DeliveryEnd> end;
  while (!end) {
    ASSERT_EQ(Take(now), 1U);
    tries.push_back(std::llround(now * 1000));
    end = Finish(Outcome::Retry("down", "serverError"), now);
    if (!end) now = Next();
  }
  EXPECT_EQ(tries, (std::vector<int64_t>{0, 500, 1250, 2375, 4063}));
  EXPECT_FALSE(end->delivered);
  EXPECT_EQ(end->delivery.attempts, 5);
  EXPECT_EQ(end->delivery.last.reason, "down");
  EXPECT_TRUE(queue_.Idle());
}

TEST_F(DeliveryQueueTest, JitterStaysWithinItsBounds) {
  DeliveryQueue queue({.in_flight = 1}, 7);
  queue.Push(MakeDelivery(1, "r", 1e6), At(0));
  base::Timestamp now = At(0);
  std::vector<DeliveryEnd> ended;
  for (int attempt = 1; attempt <= 40; ++attempt) {
    auto delivery = queue.Take(now, ended);
    ASSERT_TRUE(delivery);
    queue.Finish(std::move(*delivery), Outcome::Retry("down", "other"), now);
    const base::Duration pause = queue.NextTake() - now;
    const double middle = std::min(0.5 * std::pow(1.5, attempt - 1), 60.0);
    EXPECT_GE(base::ToSeconds(pause), middle * 0.499) << attempt;
    EXPECT_LE(base::ToSeconds(pause), middle * 1.501) << attempt;
    now = queue.NextTake();
  }
}

TEST_F(DeliveryQueueTest, RetryAfterPausesTheWholeLane) {
  queue_.Push(MakeDelivery(1, "slack", 300), At(0));
  queue_.Push(MakeDelivery(2, "slack", 300), At(0));
  queue_.Push(MakeDelivery(3, "other", 300), At(0));
  std::vector<uint64_t> order = {Take(0)};
  if (order[0] == 3) {
    Finish(Outcome::Delivered(), 0);
    Take(0);
  }
  EXPECT_FALSE(Finish(Outcome::Retry("429", "rateLimited", 30s), 0));
  if (order[0] != 3) {
    EXPECT_EQ(Take(0), 3U) << "others go on";
    EXPECT_TRUE(Finish(Outcome::Delivered(), 0)->delivered);
  }
  EXPECT_EQ(Take(29.9), 0U);
  EXPECT_EQ(Next(), 30);
  EXPECT_NE(Take(30), 0U);
  EXPECT_TRUE(Finish(Outcome::Delivered(), 30)->delivered);
  EXPECT_NE(Take(30), 0U);
}

TEST_F(DeliveryQueueTest, APauseBeyondTheDeadlineEndsAtOnce) {
  queue_.Push(MakeDelivery(1, "slack", 60), At(0));
  Take(0);
  const auto end = Finish(Outcome::Retry("429", "rateLimited", 120s), 0);
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->delivered);
  const auto next = queue_.Push(MakeDelivery(2, "slack", 100), At(60));
  ASSERT_TRUE(next) << "the next tick must not knock either";
  EXPECT_EQ(next->delivery.last.reason, "the receiver asked not to be tried before 2026-11-21T00:02:00Z");
  EXPECT_FALSE(queue_.Push(MakeDelivery(3, "slack", 180), At(100)));
  EXPECT_EQ(Take(120), 3U);
}

TEST_F(DeliveryQueueTest, AFinalRefusalEndsAtOnce) {
  queue_.Push(MakeDelivery(1, "r", 60), At(0));
  Take(0);
  const auto end = Finish(Outcome::Failed("HTTP status 400 Bad Request", "clientError"), 0);
  ASSERT_TRUE(end);
  EXPECT_FALSE(end->delivered);
  EXPECT_EQ(end->delivery.attempts, 1);
}

TEST_F(DeliveryQueueTest, LanesAreBoundedAndTakeTurns) {
  EXPECT_FALSE(queue_.Push(MakeDelivery(1, "a", 60), At(0)));
  EXPECT_FALSE(queue_.Push(MakeDelivery(2, "a", 60), At(0)));
  const auto full = queue_.Push(MakeDelivery(3, "a", 60), At(0));
  ASSERT_TRUE(full);
  EXPECT_EQ(full->delivery.last.reason, "too many notifications are waiting for this receiver");
  queue_.Push(MakeDelivery(4, "b", 60), At(0));
  EXPECT_EQ(Take(0), 1U);
  EXPECT_EQ(Take(0), 4U) << "one at a time in a lane";
  EXPECT_EQ(Take(0), 0U);
}

TEST(DeliveryQueue, PagesComeBeforeEndsAndEndsLeaveRoomForPages) {
  DeliveryQueue queue({.in_flight = 4, .jitter = 0}, 1);
  const auto make = [](uint64_t id, bool page) {
    Delivery delivery = MakeDelivery(id, "r", 60);
    delivery.job.page = page;
    return delivery;
  };
  std::vector<DeliveryEnd> ended;
  std::vector<Delivery> taken;
  const auto take_all = [&] {
    std::vector<uint64_t> ids;
    while (auto delivery = queue.Take(At(0), ended)) {
      ids.push_back(delivery->job.id);
      taken.push_back(std::move(*delivery));
    }
    return ids;
  };
  for (const uint64_t id : {1, 2, 3}) queue.Push(make(id, false), At(0));
  EXPECT_EQ(take_all(), (std::vector<uint64_t>{1, 2})) << "ends take half of the tries";
  for (const uint64_t id : {4, 5, 6}) queue.Push(make(id, true), At(0));
  EXPECT_EQ(take_all(), (std::vector<uint64_t>{4, 5}));
  EXPECT_EQ(queue.NextTake(), base::Timestamp::max());
  EXPECT_TRUE(queue.Finish(std::move(taken[0]), Outcome::Delivered(), At(0)));
  EXPECT_EQ(take_all(), std::vector<uint64_t>{6}) << "a page before the end that waits for longer";
  EXPECT_FALSE(queue.Idle());
  for (const size_t i : {1, 2, 3, 4}) EXPECT_TRUE(queue.Finish(std::move(taken[i]), Outcome::Delivered(), At(0)));
  EXPECT_EQ(take_all(), std::vector<uint64_t>{3});
}

TEST_F(DeliveryQueueTest, WhatWaitedPastItsDeadlineIsNotSent) {
  queue_.Push(MakeDelivery(1, "a", 10), At(0));
  EXPECT_EQ(Take(10), 0U);
  EXPECT_EQ(ended_, std::vector<uint64_t>{1});
}

base::Result<base::HttpClientResponse> Status(int status, base::HttpHeaders headers = {}, std::string body = "") {
  return base::HttpClientResponse{status, std::move(headers), std::move(body)};
}

struct JudgeCase {
  base::Result<base::HttpClientResponse> result;
  Outcome want;
};

TEST(Judge, Table) {
  const JudgeCase cases[] = {
      {Status(200), Outcome::Delivered()},
      {Status(204), Outcome::Delivered()},
      {Status(400, {}, "invalid_payload\nmore"),
       Outcome::Failed("HTTP status 400 Bad Request: invalid_payload", "clientError")},
      {Status(401), Outcome::Failed("HTTP status 401 Unauthorized", "authError")},
      {Status(404), Outcome::Failed("HTTP status 404 Not Found", "clientError")},
      {Status(429, {{"Retry-After", "30"}}), Outcome::Retry("HTTP status 429 Too Many Requests", "rateLimited", 30s)},
      {Status(500), Outcome::Retry("HTTP status 500 Internal Server Error", "serverError")},
      {Status(503, {{"retry-after", "2"}}), Outcome::Retry("HTTP status 503 Service Unavailable", "serverError", 2s)},
      {base::Unavailable("connection refused"), Outcome::Retry("connection refused", "other")},
      {base::Fail(base::ErrorCode::timeout, "timed out"), Outcome::Retry("timed out", "contextDeadlineExceeded")},
      {base::Invalid("malformed URL"), Outcome::Failed("malformed URL")},
  };
  for (const JudgeCase& c : cases) {
    SCOPED_TRACE(c.want.reason);
    EXPECT_EQ(Judge(c.result, At(0)), c.want);
  }
}

// A dispatcher on a clock that stands still, its pool's threads running: only what does not wait can happen.
class DispatcherTest : public ::testing::Test {
 protected:
  void Start(const std::string& yaml) {
    Dispatcher::Options options{.clock = clock_, .client = transport_, .metrics = metrics_};
    options.pool.queue.first_pause = base::Duration(0);
    options.remembered_deliveries = 3;
    dispatcher_ = std::make_unique<Dispatcher>(std::make_shared<const Config>(Parse(yaml)), std::move(options));
  }
  void Fire(const std::string& name) {
    const base::Alert alert{{{"alertname", name}}, {}, clock_.Now() - 1h, clock_.Now() + 1h, ""};
    dispatcher_->Send({&alert, 1});
  }
  std::vector<std::string> Deliveries(size_t count) {
    EXPECT_TRUE(test::WaitFor([&] { return dispatcher_->Deliveries().size() >= count; }));
    std::vector<std::string> lines;
    for (const DeliveryRecord& record : dispatcher_->Deliveries()) {
      lines.push_back(fmt::format("{} {} {} attempts={} {}{}", record.integration.Key(), base::Join(record.alerts, ","),
                                  ToString(record.reason), record.attempts, record.delivered ? "delivered" : "failed ",
                                  record.error));
    }
    return lines;
  }
  std::string MetricsText() { return prometheus::TextSerializer().Serialize(registry_.Collect()); }

  test::FakeClock clock_{At(0)};
  FakeTransport transport_;
  prometheus::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<Dispatcher> dispatcher_;
};

constexpr const char* kOneWebhook =
    "route: {receiver: ops, group_by: [alertname]}\n"
    "receivers: [{name: ops, webhook_configs: [{url: 'http://hook/secret?token=x'}]}]";

TEST_F(DispatcherTest, RetriesUntilItIsTaken) {
  Start(kOneWebhook);
  transport_.Script({Status(500), base::Fail(base::ErrorCode::timeout, "timed out"), Status(503), Status(200)});
  Fire("T");
  dispatcher_->Step();
  EXPECT_EQ(Deliveries(1), std::vector<std::string>{"ops/webhook/0 T first notification attempts=4 delivered"});
  EXPECT_EQ(transport_.requests().size(), 4U);
  EXPECT_TRUE(transport_.requests()[0].secret_url);
  EXPECT_TRUE(transport_.requests()[0].status_decides);
  const std::string text = MetricsText();
  EXPECT_TRUE(text.contains("alertmanager_notifications_total{integration=\"webhook\"} 1")) << text;
  EXPECT_TRUE(text.contains("alertmanager_notification_requests_failed_total{integration=\"webhook\"} 3")) << text;
  EXPECT_TRUE(text.contains("alertmanager_alerts_received_total{status=\"firing\",version=\"v2\"} 1")) << text;
}

TEST_F(DispatcherTest, ARefusalIsCountedAndTriedAtTheNextInterval) {
  Start(kOneWebhook);
  transport_.Script({Status(400, {}, "no"), Status(200)});
  Fire("T");
  dispatcher_->Step();
  EXPECT_EQ(Deliveries(1), std::vector<std::string>{"ops/webhook/0 T first notification attempts=1 failed "
                                                    "HTTP status 400 Bad Request: no"});
  dispatcher_->Step();
  EXPECT_EQ(transport_.requests().size(), 1U);
  clock_.Advance(5min);
  dispatcher_->Step();
  EXPECT_EQ(Deliveries(2)[1], "ops/webhook/0 T first notification attempts=1 delivered");
  const std::string text = MetricsText();
  EXPECT_TRUE(
      text.contains("alertmanager_notifications_failed_total{integration=\"webhook\",reason=\"clientError\"} 1"))
      << text;
}

TEST_F(DispatcherTest, RemembersOnlyTheLastDeliveries) {
  Start(kOneWebhook);
  for (const char* name : {"A", "B", "C", "D"}) {
    Fire(name);
    dispatcher_->Step();
    ASSERT_TRUE(test::WaitFor([&] {
      const auto records = dispatcher_->Deliveries();
      return !records.empty() && records.back().alerts[0] == name;
    }));
  }
  EXPECT_EQ(dispatcher_->Deliveries().size(), 3U);
}

TEST_F(DispatcherTest, ASecretFileThatIsGoneIsAFailureNotACrash) {
  Start("route: {receiver: ops}\nreceivers: [{name: ops, webhook_configs: [{url_file: /does/not/exist}]}]");
  Fire("T");
  dispatcher_->Step();
  EXPECT_EQ(Deliveries(1)[0],
            "ops/webhook/0 T first notification attempts=1 failed "
            "cannot read the secret file \"/does/not/exist\": No such file or directory");
}

// Keeps the changes as they come.
class ListKeeper : public PipelineKeeper {
 public:
  void Keep(PipelineChanges changes, std::function<void()> done) override {
    const std::scoped_lock lock(mutex_);
    for (const auto& change : changes.alerts) {
      if (change.now) state_.alerts.push_back(*change.now);
    }
    for (const auto& change : changes.log) {
      state_.log.erase(change.key);
      if (change.now) state_.log.emplace(change.key, *change.now);
    }
    done();
  }
  PipelineState state() const {
    const std::scoped_lock lock(mutex_);
    return state_;
  }

 private:
  mutable std::mutex mutex_;
  PipelineState state_;
};

TEST_F(DispatcherTest, WhatAStopCutsOffIsTriedByTheNextProcess) {
  ListKeeper keeper;
  const auto start = [&](PipelineState state) {
    return std::make_unique<Dispatcher>(
        std::make_shared<const Config>(Parse(kOneWebhook)),
        Dispatcher::Options{
            .clock = clock_, .client = transport_, .metrics = metrics_, .keeper = &keeper, .state = std::move(state)});
  };
  dispatcher_ = start({});
  transport_.Script({Status(429, {{"Retry-After", "3600"}}), Status(200)});
  Fire("Refused");
  dispatcher_->Step();
  ASSERT_TRUE(test::WaitFor([&] { return transport_.requests().size() == 1; }));
  Fire("JustCame");  // told by the stop, unless the receiver's pause is known by then
  EXPECT_TRUE(dispatcher_->Stop(10s));
  dispatcher_ = start(keeper.state());
  dispatcher_->Step();
  ASSERT_TRUE(test::WaitFor([&] { return transport_.requests().size() == 3; }));
  std::multiset<std::string> told;
  for (const base::HttpClientRequest& request : transport_.requests()) {
    told.insert(request.body.contains("Refused") ? "Refused" : "JustCame");
  }
  EXPECT_EQ(told, (std::multiset<std::string>{"JustCame", "Refused", "Refused"}));
  dispatcher_.reset();  // before its keeper
}

TEST_F(DispatcherTest, StoppingDropsWhatWaits) {
  Start(kOneWebhook);
  transport_.Script({Status(429, {{"Retry-After", "60"}})});
  Fire("T");
  dispatcher_->Step();
  ASSERT_TRUE(test::WaitFor([&] { return transport_.requests().size() == 1; }));
  EXPECT_FALSE(dispatcher_->Stop(base::Duration(0)));
  EXPECT_EQ(transport_.requests().size(), 1U);
}

}  // namespace
}  // namespace alertmanager
