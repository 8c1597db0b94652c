#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "store/postings.h"

namespace store {

// One value of a label name: both texts, kept once, and the series that have it. It lives as long as somebody holds it:
// the index while a series has it, and each such series. What it says of itself never changes, so it can be read, held
// and released by any thread; the postings are the index'.
class Value {
 public:
  static Value* Make(const base::Label& label, uint32_t hash);  // held once, by the caller
  void Hold() { holders_.fetch_add(1, std::memory_order_relaxed); }
  void Release();

  std::string_view text() const { return packed().substr(size_ - text_size_); }
  base::Label label() const { return *base::Labels::Iterator(packed().data(), packed().data() + size_); }
  std::string_view packed() const { return {reinterpret_cast<const char*>(this + 1), size_}; }  // as in base::Labels
  uint32_t hash() const { return hash_; }
  const Postings& postings() const { return postings_; }
  Postings& postings() { return postings_; }

 private:
  Value(size_t size, size_t text_size, uint32_t hash)
      : size_(static_cast<uint32_t>(size)), text_size_(static_cast<uint32_t>(text_size)), hash_(hash) {}
  ~Value() = default;
  Postings postings_;
  std::atomic<uint32_t> holders_ = 1;
  const uint32_t size_;
  const uint32_t text_size_;
  const uint32_t hash_;
  // the packed label follows
};

// All values of one label name. Const methods may run side by side; the others need to be alone.
class ValueTable {
 public:
  ValueTable() = default;
  ~ValueTable();
  ValueTable(const ValueTable&) = delete;
  ValueTable& operator=(const ValueTable&) = delete;

  Value& GetOrAdd(const base::Label& label);  // always of the same name
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

  std::vector<Value*> slots_;  // open addressing, linear, a power of two; held
  size_t size_ = 0;
  mutable std::mutex sorting_;  // readers may sort; guards both below
  mutable std::vector<const Value*> sorted_;
  mutable std::vector<const Value*> unsorted_;  // added since sorted_ was made; unused while that is empty
};

}  // namespace store
