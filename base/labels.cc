#include "base/labels.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "base/text.h"

namespace base {
namespace {

constexpr unsigned char kLongLength = 255;

void AppendText(std::string& data, std::string_view text) {
  if (text.size() < kLongLength) {
    data.push_back(static_cast<char>(text.size()));
  } else {
    const auto size = static_cast<uint32_t>(text.size());
    data.push_back(static_cast<char>(kLongLength));
    data.append(reinterpret_cast<const char*>(&size), sizeof size);
  }
  data.append(text);
}

size_t PackedSize(std::string_view text) {
  return text.size() + (text.size() < kLongLength ? 1 : 1 + sizeof(uint32_t));
}

std::string_view TakeText(const char*& at) {
  uint32_t size = static_cast<unsigned char>(*at++);
  if (size == kLongLength) {
    std::memcpy(&size, at, sizeof size);
    at += sizeof size;
  }
  const std::string_view text(at, size);
  at += size;
  return text;
}

bool IsIdentifier(std::string_view name, bool colon) {
  const auto letter = [colon](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
  };
  if (name.empty() || !letter(name.front())) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

void Labels::Iterator::Step() {
  at_ = next_;
  if (next_ == end_) return;
  label_.name = TakeText(next_);
  label_.value = TakeText(next_);
}

Labels::Labels(std::initializer_list<Label> labels) : Labels(std::vector<Label>(labels)) {}

Labels::Labels(std::vector<Label> labels) {
  std::ranges::stable_sort(labels, {}, &Label::name);
  for (size_t i = 0; i < labels.size(); ++i) {
    const bool repeated = i + 1 < labels.size() && labels[i + 1].name == labels[i].name;
    if (!repeated) Append(labels[i].name, labels[i].value);
  }
}

void Labels::Append(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  AppendText(data_, name);
  AppendText(data_, value);
}

std::string_view Labels::Get(std::string_view name) const {
  for (const Label& label : *this) {
    if (label.name >= name) return label.name == name ? label.value : std::string_view();
  }
  return {};
}

Labels Labels::FromPacked(std::string packed) {
  Labels labels;
  labels.data_ = std::move(packed);
  return labels;
}

size_t Labels::size() const { return static_cast<size_t>(std::distance(begin(), end())); }

uint64_t Labels::Hash() const { return std::hash<std::string_view>{}(data_); }

std::string Labels::ToString() const {
  const std::string_view metric = MetricName();
  const bool plain_metric = IsLegacyMetricName(metric);
  std::string text(plain_metric ? metric : std::string_view());
  std::string inside;
  for (const Label& label : *this) {
    if (label.name == kMetricName) {
      if (plain_metric) continue;
      inside.insert(0, Quote(label.value) + (inside.empty() ? "" : ", "));
      continue;
    }
    if (!inside.empty()) inside += ", ";
    inside += IsLegacyLabelName(label.name) ? std::string(label.name) : Quote(label.name);
    inside += '=';
    inside += Quote(label.value);
  }
  if (inside.empty() && plain_metric) return text;
  return text + "{" + inside + "}";
}

Labels Labels::Keep(const std::vector<std::string>& names) const {
  Labels kept;
  for (const Label& label : *this) {
    if (Contains(names, label.name)) kept.Append(label.name, label.value);
  }
  return kept;
}

Labels Labels::Drop(const std::vector<std::string>& names) const {
  Labels kept;
  kept.data_.reserve(data_.size());
  for (const Label& label : *this) {
    if (!Contains(names, label.name)) kept.Append(label.name, label.value);
  }
  return kept;
}

std::strong_ordering Labels::operator<=>(const Labels& other) const {
  auto mine = begin();
  auto theirs = other.begin();
  for (; mine != end() && theirs != other.end(); ++mine, ++theirs) {
    if (const auto order = mine->name <=> theirs->name; order != 0) return order;
    if (const auto order = mine->value <=> theirs->value; order != 0) return order;
  }
  return (mine != end()) <=> (theirs != other.end());
}

LabelsBuilder::LabelsBuilder(const Labels& from) {
  for (const Label& label : from) labels_.emplace_back(label.name, label.value);
}

LabelsBuilder& LabelsBuilder::Set(std::string_view name, std::string_view value) {
  if (value.empty()) return Remove(name);
  const auto at = std::ranges::lower_bound(labels_, name, {}, &std::pair<std::string, std::string>::first);
  if (at != labels_.end() && at->first == name) {
    at->second = value;
  } else {
    labels_.emplace(at, name, value);
  }
  return *this;
}

LabelsBuilder& LabelsBuilder::Remove(std::string_view name) {
  std::erase_if(labels_, [&](const auto& label) { return label.first == name; });
  return *this;
}

std::string_view LabelsBuilder::Get(std::string_view name) const {
  const auto at = std::ranges::lower_bound(labels_, name, {}, &std::pair<std::string, std::string>::first);
  return at != labels_.end() && at->first == name ? std::string_view(at->second) : std::string_view();
}

Labels LabelsBuilder::Build() const {
  size_t size = 0;
  for (const auto& [name, value] : labels_) size += PackedSize(name) + PackedSize(value);
  Labels labels;
  labels.data_.reserve(size);
  for (const auto& [name, value] : labels_) labels.Append(name, value);
  return labels;
}

bool IsLegacyLabelName(std::string_view name) { return IsIdentifier(name, false); }
bool IsLegacyMetricName(std::string_view name) { return IsIdentifier(name, true); }

}  // namespace base
