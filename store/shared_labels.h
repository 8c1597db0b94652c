#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/labels.h"

namespace store {

class Value;

// The labels of one series in memory: each of them is kept once, by the index, for all series that have it. Immutable,
// so thread-safe; the texts live as long as this does.
class SharedLabels {
 public:
  // Labels that nobody shares.
  SharedLabels(const base::Labels& labels);  // NOLINT(google-explicit-constructor): the same by value
  // Rising by name. Holds each of them.
  explicit SharedLabels(std::span<Value* const> values);
  ~SharedLabels();
  SharedLabels(SharedLabels&& other) noexcept;
  SharedLabels& operator=(SharedLabels&&) = delete;

  base::Labels ToLabels() const;
  std::string_view Get(std::string_view name) const;  // "" if absent
  std::span<Value* const> values() const { return {values_.get(), size_}; }
  size_t Bytes() const { return sizeof(*this) + size_ * sizeof(Value*); }  // without what is shared

  bool operator==(const base::Labels& labels) const;
  std::strong_ordering operator<=>(const SharedLabels& other) const;  // as base::Labels are ordered
  bool operator==(const SharedLabels& other) const { return *this <=> other == 0; }

 private:
  std::unique_ptr<Value*[]> values_;
  uint32_t size_ = 0;
};

}  // namespace store
