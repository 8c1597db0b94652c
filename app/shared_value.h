#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace app {

// A value that is replaced as a whole while others read it; who has loaded it keeps it. Thread-safe. (It is what
// std::atomic<std::shared_ptr<T>> is for, whose load in GCC 12 lets go of the pointer without ordering its read before
// the next store.)
template <class T>
class SharedValue {
 public:
  SharedValue() = default;
  explicit SharedValue(std::shared_ptr<T> value) : value_(std::move(value)) {}

  std::shared_ptr<T> Load() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }
  void Store(std::shared_ptr<T> value) {
    const std::scoped_lock lock(mutex_);
    value_.swap(value);  // the old one ends with the parameter, outside the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<T> value_;  // guarded by mutex_
};

}  // namespace app
