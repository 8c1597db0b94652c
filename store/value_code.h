#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

// Floats of one series as small whole numbers, bit for bit: what a block keeps of them. Most measured values are
// decimals of few digits (7, 3.25, 1795255613.271), most of the others share their sign, exponent and leading bits.

namespace store {

// values[i] is the number first + unit * k[i] read in a form, but for the exceptions; k[0] is 0.
struct ValueCode {
  enum class Form : uint8_t {
    bits,     // the numbers are the values' own bits, in the order of the values
    decimal,  // value = number / 10^exponent, which gives back each value exactly
  };
  struct Exception {
    uint64_t place = 0;
    uint64_t bits = 0;
  };
  static constexpr uint8_t kMostExponent = 12;
  static constexpr uint8_t kOrders = 3;

  Form form = Form::bits;
  uint8_t exponent = 0;
  int64_t first = 0;
  uint64_t unit = 1;
  // k itself (0), its change (1) or the change of that (2), zigzag so that small ones of either sign are small; of all
  // places but the first. Arithmetic wraps.
  uint8_t order = 0;
  std::vector<uint64_t> residuals;
  uint64_t residual_bits = 0;         // sum of their widths
  std::vector<Exception> exceptions;  // rising places; their numbers repeat the one before
};

// `code` is overwritten; passing the same one again saves allocations. At least one value.
void EncodeValues(std::span<const double> values, ValueCode& code);

// Appends residuals.size() + 1 values. Any code gives some values; exceptions past the end are left out.
void DecodeValues(const ValueCode& code, std::vector<double>& values);

}  // namespace store
