#pragma once

#include <filesystem>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/alert.h"
#include "base/clock.h"

// What tests of several rooms share.

namespace test {

// A clock that stands still until it is moved. SleepUntil moves it at once, so that loops run without waiting.
class FakeClock : public base::Clock {
 public:
  explicit FakeClock(base::Timestamp now = base::Timestamp(std::chrono::seconds(1'700'000'000))) : now_(now) {}
  base::Timestamp Now() const override;
  bool SleepUntil(base::Timestamp deadline, std::stop_token stop) const override;
  void Advance(base::Duration by);

 private:
  mutable std::mutex mutex_;
  mutable base::Timestamp now_;  // guarded by mutex_
};

// Keeps what was sent. Thread-safe.
class RecordingSink : public base::AlertSink {
 public:
  void Send(std::span<const base::Alert> alerts) override;
  std::vector<base::Alert> Take();

 private:
  std::mutex mutex_;
  std::vector<base::Alert> alerts_;  // guarded by mutex_
};

// A folder of its own, removed with what is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::filesystem::path& path() const { return path_; }
  // Writes a file below it, folders included, and returns its full path.
  std::string Write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

std::string ReadFile(const std::filesystem::path& path);
// A file of the project, named from the root of its sources, such as "tests/base/testdata/printf_verbs.json".
std::filesystem::path ProjectFile(std::string_view name);
// A TCP port of 127.0.0.1 that was free a moment ago. Chosen at random below the ports that the system gives to
// connections, so that nothing else takes it before the test does.
int FreePort();

// Polls `condition` until it holds or `limit` has passed; for what other threads and processes do. True if it held. The
// limit only ends tests that have failed: it must be far above what a busy machine needs.
bool WaitFor(const std::function<bool()>& condition, base::Duration limit = std::chrono::minutes(2));

}  // namespace test
