#include "remote/outbox.h"

#include <gtest/gtest.h>

namespace remote {
namespace {

// Entries know their time alone; what is not null is as good as any series.
BatchPtr Batch(int first, int count, bool with_gap = false) {
  auto batch = std::make_shared<store::CommittedBatch>();
  batch->histograms.push_back(nullptr);
  for (int i = 0; i < count; ++i) {
    const bool gap = with_gap && i % 2 == 1;
    auto* const some = reinterpret_cast<store::MemSeries*>(&*batch);
    batch->entries.push_back(
        {gap ? nullptr : some, base::Timestamp(base::Duration(first + i)), 0, (first + i) % 10 == 0 ? 1U : 0U, 0});
  }
  return batch;
}

std::string Text(const std::vector<Slice>& slices) {
  std::string text;
  for (const Slice& slice : slices) {
    for (size_t i = slice.begin; i < slice.end; ++i) {
      text += fmt::format("{} ", slice.batch->entries[i].time.time_since_epoch().count());
    }
    text += "| ";
  }
  return text;
}

base::Timestamp At(int second) { return base::Timestamp(std::chrono::seconds(second)); }

TEST(Outbox, GivesTheOldestFirst) {
  Outbox outbox(100);
  EXPECT_EQ(outbox.waiting_since(), std::nullopt);
  EXPECT_EQ(outbox.oldest_time(), base::Timestamp::max());
  EXPECT_EQ(outbox.Push(Batch(1, 3), At(5)), SampleCount());
  EXPECT_EQ(outbox.Push(Batch(4, 0), At(6)), SampleCount());
  EXPECT_EQ(outbox.Push(Batch(7, 2), At(7)), SampleCount());
  EXPECT_EQ(outbox.size(), 5U);
  EXPECT_EQ(outbox.waiting_since(), At(5));
  EXPECT_EQ(Text(outbox.Take(2)), "1 2 | ");
  EXPECT_EQ(Text(outbox.Take(2)), "3 | 7 | ");
  EXPECT_EQ(outbox.waiting_since(), At(7));
  EXPECT_EQ(Text(outbox.Take(9)), "8 | ");
  EXPECT_EQ(Text(outbox.Take(9)), "");
  EXPECT_EQ(outbox.size(), 0U);
}

TEST(Outbox, TheOldestGoWhereThereIsNoRoom) {
  Outbox outbox(4);
  EXPECT_EQ(outbox.Push(Batch(1, 3), At(1)), SampleCount());
  EXPECT_EQ(outbox.Push(Batch(4, 2), At(2)), (SampleCount{.samples = 1, .histograms = 0}));
  EXPECT_EQ(outbox.Push(Batch(9, 3), At(3)), (SampleCount{.samples = 3, .histograms = 0}));
  EXPECT_EQ(outbox.waiting_since(), At(2));
  EXPECT_EQ(Text(outbox.Take(9)), "5 | 9 10 11 | ");
  // one batch that is too large by itself; a histogram and entries that were not stored among what goes
  EXPECT_EQ(outbox.Push(Batch(19, 8, true), At(4)), (SampleCount{.samples = 2, .histograms = 0}));
  EXPECT_EQ(Text(outbox.Take(9)), "23 24 25 26 | ");
  EXPECT_EQ(outbox.Push(Batch(20, 5), At(5)), (SampleCount{.samples = 0, .histograms = 1}));
}

TEST(Outbox, WhatComesBackStandsInFront) {
  Outbox outbox(5);
  outbox.Push(Batch(1, 3), At(1));
  auto taken = outbox.Take(2);
  outbox.Push(Batch(4, 2), At(2));
  EXPECT_EQ(outbox.PushFront(std::move(taken), At(3)), SampleCount());
  EXPECT_EQ(Text(outbox.Take(4)), "1 2 | 3 | 4 | ");
  std::vector<Slice> many;
  many.push_back({Batch(11, 6), 0, 6});
  EXPECT_EQ(outbox.PushFront(std::move(many), At(4)), (SampleCount{.samples = 2, .histograms = 0}));
  EXPECT_EQ(Text(outbox.Take(9)), "13 14 15 16 | 5 | ");
  outbox.Push(Batch(21, 4), At(5));
  many.clear();
  many.push_back({Batch(11, 6), 2, 6});
  outbox.PutBack(std::move(many), At(6));
  EXPECT_EQ(outbox.oldest_time(), base::Timestamp(base::Duration(13)));
  EXPECT_EQ(Text(outbox.Take(9)), "13 14 15 16 | 21 22 23 24 | ");
}

}  // namespace
}  // namespace remote
