#include "store/shared_labels.h"

#include <algorithm>
#include <string>
#include <utility>

#include "store/value_table.h"

namespace store {

SharedLabels::SharedLabels(const base::Labels& labels)
    : values_(std::make_unique_for_overwrite<Value*[]>(labels.size())) {
  for (const base::Label& label : labels) values_[size_++] = Value::Make(label, 0);
}

SharedLabels::SharedLabels(std::span<Value* const> values)
    : values_(std::make_unique_for_overwrite<Value*[]>(values.size())), size_(static_cast<uint32_t>(values.size())) {
  std::ranges::copy(values, values_.get());
  for (Value* const value : values) value->Hold();
}

SharedLabels::~SharedLabels() {
  for (Value* const value : values()) value->Release();
}

SharedLabels::SharedLabels(SharedLabels&& other) noexcept
    : values_(std::move(other.values_)), size_(std::exchange(other.size_, 0)) {}

base::Labels SharedLabels::ToLabels() const {
  size_t size = 0;
  for (const Value* const value : values()) size += value->packed().size();
  std::string packed;
  packed.reserve(size);
  for (const Value* const value : values()) packed += value->packed();
  return base::Labels::FromPacked(std::move(packed));
}

std::string_view SharedLabels::Get(std::string_view name) const {
  for (const Value* const value : values()) {
    const base::Label label = value->label();
    if (label.name >= name) return label.name == name ? label.value : std::string_view();
  }
  return {};
}

bool SharedLabels::operator==(const base::Labels& labels) const {
  std::string_view rest = labels.packed();
  for (const Value* const value : values()) {
    if (!rest.starts_with(value->packed())) return false;
    rest.remove_prefix(value->packed().size());
  }
  return rest.empty();
}

std::strong_ordering SharedLabels::operator<=>(const SharedLabels& other) const {
  const size_t common = std::min(size_, other.size_);
  for (size_t i = 0; i < common; ++i) {
    if (values_[i] == other.values_[i]) continue;
    const base::Label mine = values_[i]->label();
    const base::Label theirs = other.values_[i]->label();
    if (const auto order = mine.name <=> theirs.name; order != 0) return order;
    if (const auto order = mine.value <=> theirs.value; order != 0) return order;
  }
  return size_ <=> other.size_;
}

}  // namespace store
