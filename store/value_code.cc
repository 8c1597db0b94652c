#include "store/value_code.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

namespace store {
namespace {

constexpr std::array<double, ValueCode::kMostExponent + 1> kPowers{1,   1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                                                   1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
// Below this a double has a bit for halves, so that adding one half and cutting off rounds.
constexpr double kMostScaled = 0x1p51;

uint64_t ZigZag(uint64_t value) { return value << 1 ^ (~(value >> 63) + 1); }
uint64_t UnZigZag(uint64_t coded) { return coded >> 1 ^ (~(coded & 1) + 1); }

// Bits of a double as a number that rises with it, and back; NaNs are beyond the infinities.
uint64_t Ordered(uint64_t bits) { return bits >> 63 != 0 ? bits ^ 0x7fff'ffff'ffff'ffff : bits; }

bool ToDecimal(double value, size_t exponent, int64_t& number) {
  const double scaled = value * kPowers[exponent];
  if (!(std::abs(scaled) < kMostScaled)) return false;
  number = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  // both sides of the division are exact, so its result is the double nearest to the decimal
  const double back = static_cast<double>(number) / kPowers[exponent];
  return std::bit_cast<uint64_t>(back) == std::bit_cast<uint64_t>(value);
}

// False if one of them becomes too large to be exact.
bool ScaleUp(std::span<int64_t> numbers, double factor) {
  for (int64_t& number : numbers) {
    const double scaled = static_cast<double>(number) * factor;
    if (!(std::abs(scaled) < kMostScaled)) return false;
    number = static_cast<int64_t>(scaled);
  }
  return true;
}

bool ToDecimals(std::span<const double> values, ValueCode& code, std::vector<int64_t>& numbers) {
  const size_t most_exceptions = 2 + values.size() / 32;
  numbers.resize(values.size());
  size_t exponent = 0;
  int64_t last = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    size_t needed = exponent;
    int64_t number = 0;
    while (needed <= ValueCode::kMostExponent && !ToDecimal(values[i], needed, number)) ++needed;
    if (needed > ValueCode::kMostExponent) {
      if (code.exceptions.size() == most_exceptions) return false;
      code.exceptions.push_back({i, std::bit_cast<uint64_t>(values[i])});
      numbers[i] = last;
      continue;
    }
    if (needed > exponent) {
      if (!ScaleUp(std::span(numbers).first(i), kPowers[needed - exponent])) return false;
      exponent = needed;
    }
    last = numbers[i] = number;
  }
  code.form = ValueCode::Form::decimal;
  code.exponent = static_cast<uint8_t>(exponent);
  return true;
}

void ToBits(std::span<const double> values, ValueCode& code, std::vector<int64_t>& numbers) {
  code.form = ValueCode::Form::bits;
  code.exponent = 0;
  code.exceptions.clear();
  numbers.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    numbers[i] = static_cast<int64_t>(Ordered(std::bit_cast<uint64_t>(values[i])));
  }
}

// What all numbers differ by a multiple of: memory in pages, singles among doubles.
uint64_t UnitOf(std::span<const int64_t> numbers) {
  uint64_t unit = 0;
  for (const int64_t number : numbers) {
    int64_t difference = 0;
    if (__builtin_sub_overflow(number, numbers[0], &difference)) return 1;
    const auto distance = difference < 0 ? ~static_cast<uint64_t>(difference) + 1 : static_cast<uint64_t>(difference);
    if (unit == 0 || distance % unit != 0) unit = std::gcd(unit, distance);
    if (unit == 1) break;
  }
  return unit == 0 ? 1 : unit;
}

// k of each number, which is exact but where the unit is 1 and it wraps.
void Reduce(std::span<int64_t> numbers, ValueCode& code) {
  code.first = numbers[0];
  code.unit = UnitOf(numbers);
  for (int64_t& number : numbers) {
    const auto difference = static_cast<int64_t>(static_cast<uint64_t>(number) - static_cast<uint64_t>(code.first));
    number = code.unit == 1 ? difference : difference / static_cast<int64_t>(code.unit);
  }
}

template <class Visit>
void ForEachResidual(std::span<const int64_t> numbers, uint8_t order, Visit visit) {
  uint64_t last = 0;
  uint64_t change = 0;
  for (size_t i = 1; i < numbers.size(); ++i) {
    const auto number = static_cast<uint64_t>(numbers[i]);
    const uint64_t step = number - last;
    visit(ZigZag(order == 0 ? number : order == 1 ? step : step - change));
    last = number;
    change = step;
  }
}

void ChooseOrder(std::span<const int64_t> numbers, ValueCode& code) {
  std::array<uint64_t, ValueCode::kOrders> widths{};
  for (uint8_t order = 0; order < ValueCode::kOrders; ++order) {
    ForEachResidual(numbers, order,
                    [&](uint64_t residual) { widths[order] += static_cast<uint64_t>(std::bit_width(residual)); });
  }
  const auto least = std::ranges::min_element(widths);
  code.order = static_cast<uint8_t>(least - widths.begin());
  code.residual_bits = *least;
}

}  // namespace

void EncodeValues(std::span<const double> values, ValueCode& code) {
  std::vector<int64_t> numbers;
  code.exceptions.clear();
  if (!ToDecimals(values, code, numbers)) ToBits(values, code, numbers);
  Reduce(numbers, code);
  ChooseOrder(numbers, code);
  code.residuals.clear();
  ForEachResidual(numbers, code.order, [&](uint64_t residual) { code.residuals.push_back(residual); });
}

void DecodeValues(const ValueCode& code, std::vector<double>& values) {
  const size_t begin = values.size();
  values.resize(begin + code.residuals.size() + 1);
  double* out = values.data() + begin;
  const double power = kPowers[std::min(code.exponent, ValueCode::kMostExponent)];
  uint64_t k = 0;
  uint64_t change = 0;
  const auto put = [&] {
    const uint64_t number = static_cast<uint64_t>(code.first) + code.unit * k;
    *out++ = code.form == ValueCode::Form::decimal ? static_cast<double>(static_cast<int64_t>(number)) / power
                                                   : std::bit_cast<double>(Ordered(number));
  };
  put();
  for (const uint64_t coded : code.residuals) {
    const uint64_t residual = UnZigZag(coded);
    change = code.order == 2 ? change + residual : residual;
    k = code.order == 0 ? residual : k + change;
    put();
  }
  for (const ValueCode::Exception& exception : code.exceptions) {
    if (exception.place <= code.residuals.size()) {
      values[begin + exception.place] = std::bit_cast<double>(exception.bits);
    }
  }
}

}  // namespace store
