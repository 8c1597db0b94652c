#include <charconv>
#include <cmath>
#include <cstring>

#include "base/text.h"
#include "exporter/exposition/exposition.h"

namespace exporter {
namespace {

char* WriteText(char* out, std::string_view text) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// Up to six decimals of a number below 10^9 are found by scaling: if the whole number r is value * 10^6 and r / 10^6 is
// the value again, r's digits are the shortest decimal, since no two decimals of up to 15 digits read as one double.
char* WriteSmallDecimal(char* out, double value) {
  constexpr double kScale = 1e6;
  const double size = std::fabs(value);
  const double raised = size * kScale + 0.5;
  const auto scaled = static_cast<int64_t>(raised);
  if (static_cast<double>(scaled) / kScale != size) return nullptr;
  if (value < 0) *out++ = '-';
  out = std::to_chars(out, out + kNumberSize, scaled / 1'000'000).ptr;
  *out++ = '.';
  auto fraction = static_cast<uint32_t>(scaled % 1'000'000);
  for (uint32_t place = 100'000; fraction != 0; place /= 10) {
    *out++ = static_cast<char>('0' + fraction / place);
    fraction %= place;
  }
  return out;
}

}  // namespace

// Whole numbers and everyday fractions take the short ways; the rest is left to the general formatter.
char* WriteNumber(char* out, double value) {
  const double size = std::fabs(value);
  if (size < 1e15) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value) {
      if (whole == 0 && std::signbit(value)) return WriteText(out, "-0");
      return std::to_chars(out, out + kNumberSize, whole).ptr;
    }
    if (size < 1e9 && size >= 1e-4) {
      if (char* const end = WriteSmallDecimal(out, value)) return end;
    }
    if (size >= 1e-4) return std::to_chars(out, out + kNumberSize, value, std::chars_format::fixed).ptr;
  }
  return WriteText(out, base::FormatFloat(value));
}

}  // namespace exporter
