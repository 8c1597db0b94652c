#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "store/postings.h"

namespace store {

// One value of a label name: its text, kept once, and the series that have it.
class Value {
 public:
  static Value* Make(std::string_view text, uint32_t hash);
  static void Free(Value* value);

  std::string_view text() const { return {reinterpret_cast<const char*>(this + 1), size_}; }
  uint32_t hash() const { return hash_; }
  const Postings& postings() const { return postings_; }
  Postings& postings() { return postings_; }

 private:
  Value(uint32_t size, uint32_t hash) : size_(size), hash_(hash) {}
  ~Value() = default;
  Postings postings_;
  uint32_t size_;
  uint32_t hash_;
  // the text follows
};

// All values of one label name. Const methods may run side by side; the others need to be alone.
class ValueTable {
 public:
  ValueTable() = default;
  ~ValueTable();
  ValueTable(const ValueTable&) = delete;
  ValueTable& operator=(const ValueTable&) = delete;

  Value& GetOrAdd(std::string_view text);
  const Value* Find(std::string_view text) const;
  Value* Find(std::string_view text);
  void RemoveIfUnused(std::string_view text);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t Bytes() const;

  template <class Visit>
  void ForEach(Visit visit) const {
    for (const Value* value : slots_) {
      if (value != nullptr) visit(*value);
    }
  }
  template <class Predicate>
  bool Any(Predicate predicate) const {
    return std::ranges::any_of(slots_, [&](const Value* value) { return value != nullptr && predicate(*value); });
  }
  // Values that begin with `prefix`, in any order. The first call sorts what there is; later values are kept beside it
  // until they are many.
  std::vector<const Value*> WithPrefix(std::string_view prefix) const;

 private:
  size_t Probe(std::string_view text, uint32_t hash) const;
  void Grow();

  std::vector<Value*> slots_;  // open addressing, linear, a power of two; owned
  size_t size_ = 0;
  mutable std::mutex sorting_;  // readers may sort; guards both below
  mutable std::vector<const Value*> sorted_;
  mutable std::vector<const Value*> unsorted_;  // added since sorted_ was made; unused while that is empty
};

}  // namespace store
