#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace remote {

// Values by number, forgotten ten to twenty minutes after they were last asked for. A value stays in its place until
// then. Not thread-safe.
template <class Value>
class RecentMap {
 public:
  Value* Find(uint64_t key) {
    if (const auto known = recent_.find(key); known != recent_.end()) return &known->second;
    auto node = older_.extract(key);
    return node ? &recent_.insert(std::move(node)).position->second : nullptr;
  }
  // The key must be new.
  Value& Add(uint64_t key, Value value) { return recent_.emplace(key, std::move(value)).first->second; }

  void Forget(base::Timestamp now) {
    if (!turned_) turned_ = now;
    if (now - *turned_ < std::chrono::minutes(10)) return;
    turned_ = now;
    older_ = std::exchange(recent_, {});
  }
  size_t size() const { return recent_.size() + older_.size(); }

 private:
  std::unordered_map<uint64_t, Value> recent_;
  std::unordered_map<uint64_t, Value> older_;
  std::optional<base::Timestamp> turned_;
};

}  // namespace remote
