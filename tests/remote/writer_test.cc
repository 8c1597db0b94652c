#include "remote/writer.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/database.h"
#include "base/write_behind.h"
#include "store/head.h"
#include "tests/remote/fake_receiver.h"
#include "tests/support/support.h"

// A head, its writer and a receiver, on the machine's clock: what threads do can only be waited for.

namespace remote {
namespace {

constexpr store::TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};
constexpr base::Duration kLong = std::chrono::minutes(2);

std::string Dump(const store::Head& head) {
  std::string text;
  const auto all = head.Select({}, kAlways).value();
  for (const auto& series : all) {
    store::Samples samples;
    series->Read(kAlways, samples);
    text += series->labels().ToString();
    for (size_t i = 0; i < samples.size(); ++i) text += fmt::format(" {}", samples.values[i]);
    text += "\n";
  }
  return text;
}

class WriterTest : public testing::Test {
 protected:
  static WriteConfig Config(std::string name = "far") {
    WriteConfig config;
    config.url = "http://receiver/" + name;
    config.name = std::move(name);
    config.queue.batch_send_deadline = base::Duration(1);
    config.queue.min_backoff = base::Duration(1);
    config.queue.max_backoff = base::Duration(2);
    return config;
  }
  void Apply(std::vector<WriteConfig> configs, base::Labels external = {}) {
    writer_.Apply(configs, external, kLong);
    head_.SetLog(writer_.empty() ? nullptr : &writer_);
  }
  // One sample of each series at an instant.
  void Append(int second, int series = 1, bool histogram = false) {
    const auto appender = head_.NewAppender();
    for (int i = 0; i < series; ++i) {
      const std::string number = std::to_string(i);
      const base::Labels labels = {{"__name__", "m"}, {"i", number}};
      const base::Timestamp time = start_ + std::chrono::seconds(second);
      if (histogram) {
        appender->AppendHistogram(store::SeriesRef::none, labels, time, std::make_shared<base::FloatHistogram>());
      } else {
        appender->Append(store::SeriesRef::none, labels, time, second);
      }
    }
    ASSERT_TRUE(appender->Commit());
  }
  // The value of the one series of a metric; -1 if there is none.
  double Metric(const std::string& name, const std::string& reason = "") {
    for (const auto& family : registry_.Collect()) {
      if (family.name != "prometheus_remote_storage_" + name) continue;
      for (const auto& metric : family.metric) {
        const bool fits = reason.empty() || std::ranges::any_of(metric.label, [&](const auto& label) {
                            return label.name == "reason" && label.value == reason;
                          });
        if (fits) return family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
      }
    }
    return -1;
  }
  bool WaitForSettled() {
    return test::WaitFor([this] { return Metric("samples_pending") == 0 && Metric("histograms_pending") == 0; });
  }

  prometheus::Registry registry_;
  base::SystemClock clock_;
  base::Timestamp start_ = std::chrono::floor<std::chrono::seconds>(clock_.Now()) - std::chrono::hours(2);
  store::Head head_;
  FakeReceiver receiver_;
  Writer writer_{{.clock = clock_, .client = receiver_, .registry = registry_}};
};

TEST_F(WriterTest, WhatIsStoredLeavesAndNothingElse) {
  Apply({Config()}, {{"site", "demo"}});
  Append(1, 2);
  Append(3, 2);
  Append(2, 2);  // refused: too late
  Append(3, 2);  // nothing new
  Append(4);
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(Dump(receiver_.head), "m{i=\"0\", site=\"demo\"} 1 3 4\nm{i=\"1\", site=\"demo\"} 1 3\n");
  EXPECT_EQ(receiver_.refused, 0U);
  EXPECT_EQ(Metric("samples_in_total"), 5);
  EXPECT_EQ(Metric("samples_total"), 5);
  EXPECT_EQ(Metric("highest_timestamp_in_seconds"), base::ToSeconds(start_) + 4);
  EXPECT_EQ(Metric("queue_highest_sent_timestamp_seconds"), base::ToSeconds(start_) + 4);
}

TEST_F(WriterTest, NoMetricsWithoutReceivers) {
  Apply({});
  Append(1);
  EXPECT_EQ(Metric("samples_in_total"), -1);
}

TEST_F(WriterTest, HistogramsWhereAskedFor) {
  for (const bool wanted : {false, true}) {
    WriteConfig config = Config(wanted ? "with" : "without");
    config.send_native_histograms = wanted;
    Apply({config});
    Append(wanted ? 2 : 1, 1, true);
    ASSERT_TRUE(WaitForSettled());
    EXPECT_EQ(Metric("histograms_total"), wanted);
    EXPECT_EQ(receiver_.requests(), wanted ? 1U : 0U);
  }
}

TEST_F(WriterTest, SeriesAreDroppedByRelabelling) {
  base::YamlErrors errors;
  const auto node = base::ParseYaml("[{source_labels: [i], regex: 0, action: drop}]", "t.yml", errors);
  WriteConfig config = Config();
  base::ReadYaml(base::YamlReader(node, "", errors), config.write_relabel_configs);
  Apply({config});
  Append(1, 3);
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(Dump(receiver_.head), "m{i=\"1\"} 1\nm{i=\"2\"} 1\n");
  EXPECT_EQ(Metric("samples_dropped_total", "dropped_series"), 1);
}

TEST_F(WriterTest, ManyRequestsAtOnceKeepTheOrderOfEachSeries) {
  for (const Protocol protocol : {Protocol::v1, Protocol::v2}) {
    WriteConfig config = Config(std::string(ToString(protocol)));
    config.protocol = protocol;
    config.queue.max_samples_per_send = 7;
    config.queue.max_shards = 5;
    receiver_.AnswerBy([](size_t number) { return FakeReceiver::Status(number % 3 == 0 ? 503 : 204); });
    Apply({config});
    for (int i = 0; i < 50; ++i) Append(i + (protocol == Protocol::v1 ? 1 : 101), 20);
    ASSERT_TRUE(WaitForSettled());
    EXPECT_EQ(Dump(receiver_.head), Dump(head_));
    EXPECT_EQ(receiver_.refused, 0U);
    EXPECT_GT(Metric("samples_retried_total"), 0);
    EXPECT_EQ(Metric("samples_failed_total"), 0);
  }
}

TEST_F(WriterTest, RefusedSamplesAreGivenUp) {
  receiver_.AnswerBy([](size_t number) { return FakeReceiver::Status(number == 1 ? 400 : 204); });
  Apply({Config()});
  Append(1);
  ASSERT_TRUE(test::WaitFor([&] { return Metric("samples_failed_total") == 1; }));
  Append(2);
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(Dump(receiver_.head), "m{i=\"0\"} 2\n");
  EXPECT_EQ(Metric("samples_retried_total"), 0);
}

TEST_F(WriterTest, AReceiverThatHangsHoldsUpNobody) {
  receiver_.AnswerBy(nullptr);
  WriteConfig config = Config();
  config.queue.capacity = 10;
  config.queue.max_shards = 2;
  config.queue.max_samples_per_send = 5;
  Apply({config});
  Append(1);
  ASSERT_TRUE(test::WaitFor([&] { return receiver_.requests() == 1; }));
  for (int i = 2; i <= 101; ++i) Append(i);  // would never end if it waited
  EXPECT_EQ(Metric("samples_pending"), 21);  // one under way
  EXPECT_EQ(Metric("samples_dropped_total", "queue_full"), 80);
  receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(204); });
  receiver_.Release();
  ASSERT_TRUE(WaitForSettled());
  std::string want = "m{i=\"0\"} 1";
  for (int i = 82; i <= 101; ++i) want += fmt::format(" {}", i);
  EXPECT_EQ(Dump(receiver_.head), want + "\n");
}

TEST_F(WriterTest, OldSamplesAreGivenUpWhereAskedFor) {
  WriteConfig config = Config();
  config.queue.sample_age_limit = std::chrono::hours(1);
  Apply({config});
  Append(1);
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(receiver_.requests(), 0U);
  EXPECT_EQ(Metric("samples_dropped_total", "too_old"), 1);
}

TEST_F(WriterTest, AReloadKeepsQueuesAndHandsOver) {
  receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(503); });
  Apply({Config()});
  Append(1);
  Append(2);
  ASSERT_TRUE(test::WaitFor([&] { return Metric("samples_retried_total") > 0; }));
  Apply({Config()});
  EXPECT_GT(Metric("samples_retried_total"), 0);  // the same queue
  WriteConfig changed = Config();
  changed.remote_timeout = std::chrono::seconds(7);
  Apply({changed});
  Append(3);
  receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(204); });
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(Dump(receiver_.head), "m{i=\"0\"} 1 2 3\n");
  EXPECT_EQ(receiver_.Request(receiver_.requests() - 1).timeout, std::chrono::seconds(7));
  EXPECT_EQ(Metric("samples_dropped_total", "shutdown"), 0);
  Apply({});
  EXPECT_EQ(Metric("samples_total"), -1);
}

TEST_F(WriterTest, ReloadsWhileSamplesComeLoseNothing) {
  Apply({Config()});
  std::atomic<bool> done = false;
  std::jthread appending([&] {
    for (int i = 1; i <= 2000; ++i) Append(i, 3);
    done = true;
  });
  for (int i = 0; !done; ++i) {
    WriteConfig config = Config();
    config.remote_timeout = std::chrono::seconds(1 + i % 2);
    config.queue.batch_send_deadline = base::Duration(i % 3);
    Apply({config});
  }
  appending.join();
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(Dump(receiver_.head), Dump(head_));
  EXPECT_EQ(receiver_.refused, 0U);
}

TEST_F(WriterTest, TheEndSendsWhatWaits) {
  WriteConfig config = Config();
  config.queue.batch_send_deadline = std::chrono::hours(1);
  Apply({config});
  Append(1, 5);
  writer_.Stop(kLong);
  EXPECT_EQ(Dump(receiver_.head), Dump(head_));
}

TEST_F(WriterTest, TheEndWaitsNoLongerThanItMay) {
  receiver_.AnswerBy(nullptr);
  Apply({Config("hangs")});
  Append(1);
  ASSERT_TRUE(test::WaitFor([&] { return receiver_.requests() == 1; }));
  Append(2);
  writer_.Stop(base::Duration(50));
  EXPECT_EQ(Dump(receiver_.head), "");
  receiver_.Release();  // an answer that nobody waits for any more
}

// The same with a store that samples are read from again.
class CatchUpTest : public WriterTest {
 protected:
  // Of late, as what is read long after its time and stored even later is not sent.
  CatchUpTest() { start_ = std::chrono::floor<std::chrono::seconds>(clock_.Now()) - std::chrono::seconds(40); }
  static WriteConfig Config() {
    WriteConfig config = WriterTest::Config();
    config.queue.capacity = 10;
    config.queue.max_shards = 2;
    config.queue.max_samples_per_send = 5;
    return config;
  }
  static void Apply(Writer& writer, store::Head& head, const WriteConfig& config) {
    writer.Apply(std::span(&config, 1), {}, kLong);
    head.SetLog(&writer);
  }
  bool WaitForAll() {
    return test::WaitFor([this] { return Dump(receiver_.head) == Dump(head_); });
  }
  Writer reading_{{.clock = clock_, .client = receiver_, .registry = registry_, .head = &head_}};
};

TEST_F(CatchUpTest, WhatDoesNotFitIsReadFromTheStore) {
  receiver_.AnswerBy(nullptr);
  Apply(reading_, head_, Config());
  Append(1, 2);
  ASSERT_TRUE(test::WaitFor([&] { return receiver_.requests() == 1; }));
  for (int i = 2; i <= 101; ++i) Append(i, 2);
  EXPECT_EQ(Metric("samples_pending"), 22);
  receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(204); });
  receiver_.Release();
  ASSERT_TRUE(WaitForAll());
  Append(102, 2);
  ASSERT_TRUE(WaitForAll());
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(receiver_.refused, 0U);
  EXPECT_EQ(Metric("samples_total"), 204);
  EXPECT_EQ(Metric("samples_dropped_total", "queue_full"), 0);
}

TEST_F(CatchUpTest, SamplesThatComeMeanwhileAreSentOnce) {
  receiver_.AnswerBy([](size_t number) { return FakeReceiver::Status(number % 7 == 0 ? 503 : 204); });
  Apply(reading_, head_, Config());
  std::jthread appending([&] {
    for (int i = 0; i < 3000; ++i) {
      const auto appender = head_.NewAppender();
      for (const char* name : {"a", "b", "c"}) {
        appender->Append(store::SeriesRef::none, {{"__name__", name}}, clock_.Now(), i);
      }
      ASSERT_TRUE(appender->Commit());
    }
  });
  appending.join();
  ASSERT_TRUE(WaitForAll());
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(receiver_.refused, 0U);
  EXPECT_EQ(Metric("samples_total") - Metric("samples_retried_total"), Metric("samples_in_total"));
}

// Also where the queue has been filled again since the samples under way were taken out.
TEST_F(CatchUpTest, ASuccessorGoesOnReading) {
  receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(503); });
  Apply(reading_, head_, Config());
  Append(1);
  ASSERT_TRUE(test::WaitFor([&] { return receiver_.requests() > 0; }));
  for (int i = 2; i <= 101; ++i) Append(i);
  WriteConfig changed = Config();
  changed.remote_timeout = std::chrono::seconds(7);
  Apply(reading_, head_, changed);
  Append(102);
  receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(204); });
  ASSERT_TRUE(WaitForAll());
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(receiver_.refused, 0U);
}

TEST_F(CatchUpTest, ARestartGoesOnWhereTheLastOneEnded) {
  const test::TemporaryDirectory folder;
  const std::string path = (folder.path() / "t.db").string();
  const auto open = [&] {
    auto database = base::Database::Open(path).value();
    EXPECT_TRUE(Positions::Prepare(*database));
    return database;
  };
  Append(1);  // before there was a receiver
  for (const int first : {2, 12, 22}) {
    receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(204); });
    Positions::Times kept = Positions::Load(*open()).value();
    EXPECT_EQ(kept.size(), first == 2 ? 0U : 1U);
    const auto database = base::WriteBehind::Start(open(), clock_, {});
    Positions positions(*database);
    Writer writer({.clock = clock_,
                   .client = receiver_,
                   .registry = registry_,
                   .head = &head_,
                   .positions = &positions,
                   .kept = std::move(kept)});
    Apply(writer, head_, Config());
    Append(first);
    ASSERT_TRUE(test::WaitFor([&] { return Dump(receiver_.head).ends_with(fmt::format(" {}\n", first)); }));
    receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(503); });
    for (int i = 1; i < 5; ++i) Append(first + i);
    writer.Stop(base::Duration(20));
    head_.SetLog(nullptr);
    for (int i = 5; i < 10; ++i) Append(first + i);  // nobody is there to send them
  }
  std::string want = "m{i=\"0\"}";
  for (int i = 2; i <= 22; ++i) want += fmt::format(" {}", i);
  EXPECT_EQ(Dump(receiver_.head), want + "\n");
  EXPECT_EQ(receiver_.refused, 0U);
}

// A kept position may be behind what was sent before a crash.
TEST_F(CatchUpTest, WhatTheReceiverHasAlreadyHoldsUpNothing) {
  receiver_.RefuseOlder();
  {
    Writer first({.clock = clock_, .client = receiver_, .registry = registry_, .head = &head_});
    Apply(first, head_, Config());
    for (int i = 1; i <= 12; ++i) Append(i, 3);
    ASSERT_TRUE(WaitForAll());
    head_.SetLog(nullptr);
  }
  for (int i = 13; i <= 20; ++i) Append(i, 4);
  Writer second({.clock = clock_,
                 .client = receiver_,
                 .registry = registry_,
                 .head = &head_,
                 .kept = {{"far", start_ + std::chrono::seconds(4)}}});
  Apply(second, head_, Config());
  Append(21, 4);
  ASSERT_TRUE(WaitForAll());
  ASSERT_TRUE(WaitForSettled());
  EXPECT_EQ(Metric("samples_failed_total"), 0);
  EXPECT_EQ(receiver_.refused, 0U);
}

TEST_F(CatchUpTest, ThePositionIsThatOfTheOldestSampleThatWasNotSent) {
  const test::TemporaryDirectory folder;
  const std::string path = (folder.path() / "t.db").string();
  auto file = base::Database::Open(path).value();
  ASSERT_TRUE(Positions::Prepare(*file));
  const auto database = base::WriteBehind::Start(std::move(file), clock_, {});
  Positions positions(*database);
  const auto reading = base::Database::Open(path).value();
  const auto kept_is = [&](int second) {
    const Positions::Times want = {{"far", start_ + std::chrono::seconds(second) - base::Duration(1)}};
    return test::WaitFor([&] { return Positions::Load(*reading).value() == want; });
  };
  Writer writer({.clock = clock_, .client = receiver_, .registry = registry_, .head = &head_, .positions = &positions});
  receiver_.AnswerBy([](size_t) { return FakeReceiver::Status(503); });
  Apply(writer, head_, Config());
  Append(10);  // nothing was sent as yet
  EXPECT_TRUE(kept_is(10));
  const auto appender = head_.NewAppender();
  appender->Append(store::SeriesRef::none, {{"__name__", "late"}}, start_ + std::chrono::seconds(9), 1);
  ASSERT_TRUE(appender->Commit());
  EXPECT_TRUE(kept_is(9));
}

TEST_F(WriterTest, Metadata) {
  writer_.SetMetadata([] { return std::vector<MetricMetadata>(5, {"a", MetricType::gauge, "Help.", ""}); });
  WriteConfig config = Config();
  config.metadata.send_interval = base::Duration(1);
  config.metadata.max_samples_per_send = 2;
  Apply({config});
  ASSERT_TRUE(test::WaitFor([&] { return receiver_.metadata_requests() >= 3; }));
  ASSERT_TRUE(test::WaitFor([&] { return Metric("metadata_total") >= 5; }));
  writer_.SetMetadata({});
  EXPECT_EQ(Metric("metadata_failed_total"), 0);
}

class WriterMetadataV2Test : public WriterTest {
 protected:
  WriterMetadataV2Test() {
    writer_.SetMetadata([this] {
      ++asked_;
      return std::vector<MetricMetadata>(known_ ? 1 : 0, {"m", MetricType::gauge, "Help of m.", ""});
    });
    WriteConfig config = Config();
    config.protocol = Protocol::v2;
    Apply({config});
  }
  ~WriterMetadataV2Test() override { writer_.SetMetadata({}); }
  bool HasMetadata(size_t request) {
    const auto message = ingest::Unsnappy(receiver_.Request(request).body, 1 << 20);
    return message && message->find("Help of m.") != std::string::npos;
  }

  std::atomic<bool> known_ = false;
  std::atomic<int> asked_ = 0;
};

TEST_F(WriterMetadataV2Test, GoesWithTheFirstSeries) {
  ASSERT_TRUE(test::WaitFor([this] { return asked_ > 0; }));  // when nothing was known, at the start
  known_ = true;
  Append(1);
  ASSERT_TRUE(test::WaitFor([this] { return receiver_.requests() == 1; }));
  EXPECT_TRUE(HasMetadata(0));
}

TEST_F(WriterMetadataV2Test, IsAskedForAgainLongBeforeTheInterval) {
  int second = 0;
  Append(++second);
  ASSERT_TRUE(test::WaitFor([this] { return receiver_.requests() == 1; }));
  EXPECT_FALSE(HasMetadata(0));
  known_ = true;
  EXPECT_TRUE(test::WaitFor([&] {
    Append(++second);
    const size_t requests = receiver_.requests();
    return requests > 1 && HasMetadata(requests - 1);
  }));
}

}  // namespace
}  // namespace remote
