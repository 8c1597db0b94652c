#include "store/value_table.h"

#include <algorithm>
#include <functional>
#include <new>
#include <utility>

namespace store {
namespace {

constexpr size_t kScanBelow = 64;  // values; sorting so few does not pay
constexpr size_t kUnsortedAtLeast = 256;

uint32_t HashOf(std::string_view text) { return static_cast<uint32_t>(std::hash<std::string_view>{}(text)); }

}  // namespace

Value* Value::Make(std::string_view text, uint32_t hash) {
  void* const memory = ::operator new(sizeof(Value) + text.size());
  auto* const value = new (memory) Value(static_cast<uint32_t>(text.size()), hash);
  std::ranges::copy(text, reinterpret_cast<char*>(value + 1));
  return value;
}

void Value::Free(Value* value) {
  value->~Value();
  ::operator delete(value);
}

ValueTable::~ValueTable() {
  for (Value* value : slots_) {
    if (value != nullptr) Value::Free(value);
  }
}

// The slot that has the text, or the free one where it would go.
size_t ValueTable::Probe(std::string_view text, uint32_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at] != nullptr && (slots_[at]->hash() != hash || slots_[at]->text() != text)) at = (at + 1) & mask;
  return at;
}

const Value* ValueTable::Find(std::string_view text) const {
  return slots_.empty() ? nullptr : slots_[Probe(text, HashOf(text))];
}

Value* ValueTable::Find(std::string_view text) { return slots_.empty() ? nullptr : slots_[Probe(text, HashOf(text))]; }

Value& ValueTable::GetOrAdd(std::string_view text) {
  if (Value* known = Find(text)) return *known;
  if ((size_ + 1) * 4 > slots_.size() * 3) Grow();
  const uint32_t hash = HashOf(text);
  Value* const value = Value::Make(text, hash);
  slots_[Probe(text, hash)] = value;
  ++size_;
  const std::scoped_lock lock(sorting_);
  if (!sorted_.empty()) unsorted_.push_back(value);
  return *value;
}

void ValueTable::RemoveIfUnused(std::string_view text) {
  if (slots_.empty()) return;
  const size_t mask = slots_.size() - 1;
  size_t hole = Probe(text, HashOf(text));
  if (slots_[hole] == nullptr || !slots_[hole]->postings().empty()) return;
  Value::Free(slots_[hole]);
  slots_[hole] = nullptr;
  --size_;
  for (size_t at = (hole + 1) & mask; slots_[at] != nullptr; at = (at + 1) & mask) {
    const size_t home = slots_[at]->hash() & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;
    slots_[hole] = std::exchange(slots_[at], nullptr);
    hole = at;
  }
  const std::scoped_lock lock(sorting_);
  sorted_ = {};
  unsorted_ = {};
}

void ValueTable::Grow() {
  std::vector<Value*> old(slots_.empty() ? 4 : slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (Value* value : old) {
    if (value == nullptr) continue;
    size_t at = value->hash() & mask;
    while (slots_[at] != nullptr) at = (at + 1) & mask;
    slots_[at] = value;
  }
}

size_t ValueTable::Bytes() const {
  size_t bytes = slots_.size() * sizeof(Value*);
  ForEach([&](const Value& value) { bytes += sizeof(Value) + value.text().size() + value.postings().Bytes(); });
  return bytes;
}

std::vector<const Value*> ValueTable::WithPrefix(std::string_view prefix) const {
  std::vector<const Value*> found;
  const auto add = [&](const Value& value) {
    if (value.text().starts_with(prefix)) found.push_back(&value);
  };
  if (size_ < kScanBelow || prefix.empty()) {
    ForEach(add);
    return found;
  }
  const std::scoped_lock lock(sorting_);
  if (sorted_.empty() || unsorted_.size() > kUnsortedAtLeast + sorted_.size() / 4) {
    sorted_.clear();
    unsorted_.clear();
    ForEach([this](const Value& value) { sorted_.push_back(&value); });
    std::ranges::sort(sorted_, {}, &Value::text);
  }
  for (auto at = std::ranges::lower_bound(sorted_, prefix, {}, &Value::text);
       at != sorted_.end() && (*at)->text().starts_with(prefix); ++at) {
    found.push_back(*at);
  }
  for (const Value* value : unsorted_) add(*value);
  return found;
}

}  // namespace store
