#include "base/write_behind.h"

#include <algorithm>

#include "base/log.h"

namespace base {
namespace {

constexpr std::chrono::milliseconds kFirstRetry{500};
constexpr std::chrono::milliseconds kLastRetry{30'000};
constexpr std::chrono::milliseconds kClosing{20'000};

}  // namespace

std::unique_ptr<WriteBehind> WriteBehind::Start(std::unique_ptr<Database> database, const Clock& clock,
                                                Options options) {
  std::unique_ptr<WriteBehind> writer(new WriteBehind(std::move(database), clock, options));
  writer->thread_ = std::jthread([raw = writer.get()](const std::stop_token& stop) { raw->Work(stop); });
  return writer;
}

WriteBehind::WriteBehind(std::unique_ptr<Database> database, const Clock& clock, Options options)
    : database_(std::move(database)), clock_(clock), options_(options) {}

WriteBehind::~WriteBehind() {
  if (const auto flushed = Flush(kClosing); !flushed) {
    LogError("what was not written is lost", {{"error", flushed.error()}, {"writes", GetStats().queued_writes}});
  }
  thread_.request_stop();
  changed_.notify_all();
}

void WriteBehind::Submit(Write write, bool urgent) {
  const std::scoped_lock lock(mutex_);
  queued_bytes_ += write.bytes;
  queue_.push_back(std::move(write));
  DropOldest();
  urgent_ = urgent_ || urgent;
  if (urgent || queue_.size() == 1) changed_.notify_all();
}

void WriteBehind::DropOldest() {
  for (auto oldest = queue_.begin();
       oldest + 1 < queue_.end() && queued_bytes_ + in_flight_bytes_ > options_.max_queued_bytes;) {
    if (oldest->bytes == 0) {  // dropping it would win nothing
      ++oldest;
      continue;
    }
    queued_bytes_ -= oldest->bytes;
    oldest = queue_.erase(oldest);
    ++stats_.dropped;
  }
}

Result<void> WriteBehind::Flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  urgent_ = true;
  changed_.notify_all();
  const bool done = changed_.wait_for(lock, limit, [this] { return queue_.empty() && in_flight_ == 0; });
  if (done) return {};
  return Fail(ErrorCode::timeout, "writing " + database_->path() + ": " +
                                      (stats_.last_error.empty() ? "it takes too long" : stats_.last_error));
}

WriteBehind::Stats WriteBehind::GetStats() const {
  const std::scoped_lock lock(mutex_);
  Stats stats = stats_;
  stats.queued_writes = queue_.size() + in_flight_;
  stats.queued_bytes = queued_bytes_ + in_flight_bytes_;
  return stats;
}

// True when there is something to commit now.
bool WriteBehind::WaitForWork(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  if (retry_.count() > 0) {
    // a flush does not hurry a disk that is full
    changed_.wait_for(lock, stop, retry_, [] { return false; });
    return !stop.stop_requested();
  }
  if (!changed_.wait(lock, stop, [this] { return !queue_.empty(); })) return false;
  changed_.wait_for(lock, stop, options_.flush_interval, [this] { return urgent_; });
  return !stop.stop_requested() || !queue_.empty();
}

void WriteBehind::Work(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (!WaitForWork(stop)) continue;
    std::deque<Write> batch;
    {
      const std::scoped_lock lock(mutex_);
      batch.swap(queue_);
      in_flight_ = batch.size();
      in_flight_bytes_ = std::exchange(queued_bytes_, 0);
      urgent_ = false;
    }
    uint64_t rejected = 0;
    const auto committed = Commit(batch, rejected);
    for (const Write& write : batch) {
      if (write.done) write.done(committed.has_value());
    }
    if (!committed) {
      GiveBack(std::move(batch), committed.error());
      continue;
    }
    // a reader may stand in the way; then the next one does it
    if (std::ranges::any_of(batch, &Write::large)) {
      static_cast<void>(database_->Execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    }
    const std::scoped_lock lock(mutex_);
    stats_.committed += batch.size() - rejected;
    stats_.rejected += rejected;
    stats_.last_success = clock_.Now();
    if (!stats_.last_error.empty()) LogInfo("writing goes on", {{"file", database_->path()}});
    stats_.last_error.clear();
    retry_ = std::chrono::milliseconds(0);
    in_flight_ = in_flight_bytes_ = 0;
    changed_.notify_all();
  }
}

Result<void> WriteBehind::Commit(std::deque<Write>& batch, uint64_t& rejected) {
  if (batch.empty()) return {};
  TRY(Transaction transaction, Transaction::Begin(*database_));
  for (Write& write : batch) {
    TRY_VOID(database_->Execute("SAVEPOINT one"));
    if (auto applied = write.apply(*database_); !applied) {
      if (applied.error().code == ErrorCode::unavailable) return applied;
      LogError("a write was left out", {{"error", applied.error()}});
      ++rejected;
      TRY_VOID(database_->Execute("ROLLBACK TO one"));
      if (write.done) write.done(false);
    }
    TRY_VOID(database_->Execute("RELEASE one"));
  }
  return transaction.Commit();
}

void WriteBehind::GiveBack(std::deque<Write> batch, Error error) {
  const std::scoped_lock lock(mutex_);
  if (stats_.last_error.empty()) {
    LogError("writing waits", {{"error", error}, {"writes", batch.size()}});
  }
  ++stats_.failures;
  stats_.last_error = error.ToString();
  retry_ = std::min(std::max(2 * retry_, kFirstRetry), kLastRetry);
  queued_bytes_ += std::exchange(in_flight_bytes_, 0);
  in_flight_ = 0;
  std::ranges::move(queue_, std::back_inserter(batch));
  queue_ = std::move(batch);
  DropOldest();
}

}  // namespace base
