#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/labels.h"
#include "store/byte_code.h"

namespace store {

// The labels of series numbered one after the other, as one row of the database holds them: packed together, because
// series of one target say nearly the same.
class LabelPageWriter {
 public:
  void Add(const base::Labels& labels);
  bool empty() const { return body_.size() == 0; }
  bool full() const { return body_.size() >= kFullBytes; }  // time to take it
  std::string Take();                                       // leaves the writer empty

 private:
  static constexpr size_t kFullBytes = 256 << 10;
  ByteWriter body_;
};

// Calls visit(labels) for each series, in order; empty labels where they cannot be. False if the page is damaged, after
// what was read up to there.
bool ReadLabelPage(std::span<const std::byte> page, const std::function<void(const base::Labels&)>& visit);

// The labels of one series by themselves, as tocsin 0.1 kept them. Empty if they are damaged.
base::Labels ReadLabels(std::span<const std::byte> bytes);

}  // namespace store
