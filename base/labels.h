#pragma once

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace base {

inline constexpr std::string_view kMetricName = "__name__";

struct Label {
  std::string_view name;
  std::string_view value;
  bool operator==(const Label&) const = default;
};

// A set of names with values: a series' or an alert's identity, or an alert's annotations. Immutable, sorted by name,
// names unique, and (as in Prometheus) an empty value is the same as no label, so none is kept. Kept in one packed
// buffer, because there are millions of them: copying is one allocation, iterating decodes in place. Views handed out
// live as long as the Labels they came from. Thread-safe, being a value.
class Labels {
 public:
  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = Label;
    using difference_type = std::ptrdiff_t;
    using pointer = const Label*;
    using reference = const Label&;

    Iterator() = default;
    Iterator(const char* at, const char* end) : next_(at), end_(end) { Step(); }
    reference operator*() const { return label_; }
    pointer operator->() const { return &label_; }
    Iterator& operator++() {
      Step();
      return *this;
    }
    Iterator operator++(int) {
      Iterator old = *this;
      Step();
      return old;
    }
    bool operator==(const Iterator& other) const { return at_ == other.at_; }

   private:
    void Step();
    const char* at_ = nullptr;  // start of the label shown, end_ after the last
    const char* next_ = nullptr;
    const char* end_ = nullptr;
    Label label_;
  };

  Labels() = default;
  // In any order; of a repeated name the last value counts.
  Labels(std::initializer_list<Label> labels);
  explicit Labels(std::vector<Label> labels);

  std::string_view Get(std::string_view name) const;  // "" if absent
  bool Has(std::string_view name) const { return !Get(name).empty(); }
  std::string_view MetricName() const { return Get(kMetricName); }

  Iterator begin() const { return {data_.data(), data_.data() + data_.size()}; }
  Iterator end() const { return {data_.data() + data_.size(), data_.data() + data_.size()}; }
  bool empty() const { return data_.empty(); }
  size_t size() const;

  // As they are kept, one label after the other, so that parts of sets can be put together again. `packed` is made of
  // what packed() showed: rising by name, each name once.
  std::string_view packed() const { return data_; }
  static Labels FromPacked(std::string packed);

  // Equal labels have equal hashes within one process; not a fingerprint to store.
  uint64_t Hash() const;

  // name{a="1", b="2"} as Prometheus prints it; {} when empty; names that are not plain identifiers quoted.
  std::string ToString() const;

  // Only the named labels, or all but the named ones. `names` in any order.
  Labels Keep(const std::vector<std::string>& names) const;
  Labels Drop(const std::vector<std::string>& names) const;

  bool operator==(const Labels& other) const { return data_ == other.data_; }
  // By the first differing label's name, then value; a prefix comes first. The order Prometheus sorts results by.
  std::strong_ordering operator<=>(const Labels& other) const;

 private:
  friend class LabelsBuilder;
  void Append(std::string_view name, std::string_view value);
  std::string data_;  // length, name, length, value, …; a length is one byte, or 255 and four bytes
};

struct LabelsHash {
  size_t operator()(const Labels& labels) const { return labels.Hash(); }
};

// Starts from a set (or nothing) and changes it. Copies what it is given. Not thread-safe.
class LabelsBuilder {
 public:
  LabelsBuilder() = default;
  explicit LabelsBuilder(const Labels& from);

  LabelsBuilder& Set(std::string_view name, std::string_view value);  // an empty value removes
  LabelsBuilder& Remove(std::string_view name);
  std::string_view Get(std::string_view name) const;
  Labels Build() const;

 private:
  std::vector<std::pair<std::string, std::string>> labels_;  // sorted by name
};

// [a-zA-Z_][a-zA-Z0-9_]*, and for metric names also ':'
bool IsLegacyLabelName(std::string_view name);
bool IsLegacyMetricName(std::string_view name);

}  // namespace base
