#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <latch>
#include <thread>

#include "store/head.h"

// Worth most under -fsanitize=thread.

namespace store {
namespace {

constexpr TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};
base::Timestamp At(int64_t second) { return base::Timestamp(std::chrono::seconds(second)); }

base::Labels Named(int writer, int number) {
  return {{"__name__", "m"}, {"writer", std::to_string(writer)}, {"n", std::to_string(number)}};
}

// Samples rise by one a second from the first there is: what a reader sees must be without hole or disorder.
void ExpectWhole(const Series& series) {
  Samples samples;
  series.Read(kAlways, samples);
  for (size_t i = 0; i < samples.size(); ++i) {
    ASSERT_EQ(samples.times[i], samples.times[0] + std::chrono::seconds(i));
    ASSERT_EQ(samples.values[i], samples.values[0] + static_cast<double>(i));
  }
}

TEST(HeadThreads, WritersReadersAndMaintenance) {
  constexpr int kWriters = 2;
  constexpr int kSeries = 20;
  constexpr int kSteps = 1500;
  Head head({.retention = std::chrono::seconds(400), .out_of_order_window = std::chrono::seconds(30)});
  std::atomic<int> writing = kWriters;
  std::array<std::atomic<int>, kWriters> reached{};
  std::latch start(kWriters + 3);

  const auto write = [&](int writer) {
    start.arrive_and_wait();
    std::vector<SeriesRef> refs(kSeries);
    const auto appender = head.NewAppender();
    for (int step = 0; step < kSteps; ++step) {
      for (int i = 0; i < kSeries; ++i) {
        const auto number = static_cast<size_t>(i);
        const Appended appended = appender->Append(refs[number], Named(writer, i), At(step), step);
        EXPECT_EQ(appended.status, AppendStatus::ok);
        refs[number] = appended.ref;
      }
      reached[static_cast<size_t>(writer)] = step;
      // a series that comes and goes
      appender->Append(SeriesRef::none, Named(writer, 1000 + step), At(step), 1);
      EXPECT_TRUE(appender->Commit());
      if (step % 10 == 0) {
        appender->Append(SeriesRef::none, Named(writer, -step - 1), At(step), 1);
        appender->Rollback();
      }
    }
    --writing;
  };
  const auto read = [&] {
    start.arrive_and_wait();
    const base::Matcher all = base::Matcher::Equal("__name__", "m");
    const base::Matcher some = *base::Matcher::Make(base::MatchType::regex, "n", "1.*");
    while (writing > 0) {
      for (const auto& matcher : {all, some}) {
        const auto found = *head.Select(std::span(&matcher, 1), kAlways);
        for (const auto& series : found) ExpectWhole(*series);
      }
      EXPECT_TRUE(head.LabelNames({}, kAlways));
      EXPECT_TRUE(head.LabelValues("n", std::span(&some, 1), kAlways));
      head.Stats();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i) threads.emplace_back(write, i);
    threads.emplace_back(read);
    threads.emplace_back(read);
    threads.emplace_back([&] {
      start.arrive_and_wait();
      while (writing > 0) {
        head.Maintain(At(std::min(reached[0].load(), reached[1].load())));
        head.Cardinality(10);
      }
    });
  }
  EXPECT_EQ(head.Stats().samples_appended, static_cast<uint64_t>(kWriters * (kSeries + 1) * kSteps));
  head.Maintain(At(kSteps));
  for (int writer = 0; writer < kWriters; ++writer) {
    const std::vector<base::Matcher> matchers = {base::Matcher::Equal("writer", std::to_string(writer)),
                                                 base::Matcher::Equal("n", "7")};
    const auto found = *head.Select(matchers, kAlways);
    ASSERT_EQ(found.size(), 1U);
    Samples samples;
    found.front()->Read(kAlways, samples);
    EXPECT_EQ(samples.times.back(), At(kSteps - 1));
    EXPECT_LE(samples.times.front(), At(kSteps - 400));
  }
}

TEST(HeadThreads, TwoBatchesIntoOneSeries) {
  Head head({.out_of_order_window = std::chrono::hours(1)});
  constexpr int kCount = 2000;
  const base::Labels labels = Named(0, 0);
  {
    std::latch start(2);
    const auto write = [&](int offset) {
      start.arrive_and_wait();
      const auto appender = head.NewAppender();
      for (int i = offset; i < kCount; i += 2) {
        EXPECT_EQ(appender->Append(SeriesRef::none, labels, At(i), i).status, AppendStatus::ok);
        if (i % 5 == 0) {
          EXPECT_TRUE(appender->Commit());
        }
      }
      EXPECT_TRUE(appender->Commit());
    };
    const std::jthread even(write, 0);
    const std::jthread odd(write, 1);
  }
  Samples samples;
  head.Select({}, kAlways)->front()->Read(kAlways, samples);
  EXPECT_EQ(samples.size(), static_cast<size_t>(kCount));
  ExpectWhole(*head.Select({}, kAlways)->front());
}

}  // namespace
}  // namespace store
