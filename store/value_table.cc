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

Value* Value::Make(const base::Label& label, uint32_t hash) {
  const base::Labels alone = {label};
  const std::string_view packed = alone.packed();
  void* const memory = ::operator new(sizeof(Value) + packed.size());
  auto* const value = new (memory) Value(packed.size(), label.value.size(), hash);
  std::ranges::copy(packed, reinterpret_cast<char*>(value + 1));
  return value;
}

void Value::Release() {
  if (holders_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  this->~Value();
  ::operator delete(this);
}

ValueTable::~ValueTable() {
  for (Value* value : slots_) {
    if (value != nullptr) value->Release();
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

Value& ValueTable::GetOrAdd(const base::Label& label) {
  if (Value* known = Find(label.value)) return *known;
  if ((size_ + 1) * 4 > slots_.size() * 3) Grow();
  const uint32_t hash = HashOf(label.value);
  Value* const value = Value::Make(label, hash);
  slots_[Probe(label.value, hash)] = value;
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
  std::exchange(slots_[hole], nullptr)->Release();
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
  ForEach([&](const Value& value) { bytes += sizeof(Value) + value.packed().size() + value.postings().Bytes(); });
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
