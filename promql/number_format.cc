#include "promql/number_format.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace promql {
namespace {

std::string Convert(double value, std::chars_format format) {
  if (!std::isfinite(value)) return base::FormatFloat(value);
  std::array<char, 512> buffer{};
  const auto [end, status] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  return {buffer.data(), end};
}

}  // namespace

std::string FormatG(double value) {
  const double magnitude = std::fabs(value);
  const bool exponent = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e6);
  return Convert(value, exponent ? std::chars_format::scientific : std::chars_format::fixed);
}

std::string FormatPlain(double value) {
  // beyond the whole numbers a double holds exactly, to_chars' fixed form has digits that nobody gave
  constexpr double kExactIntegers = 9007199254740992.0;
  if (!(std::fabs(value) > kExactIntegers) || std::isinf(value)) return Convert(value, std::chars_format::fixed);
  std::string digits = Convert(value, std::chars_format::scientific);
  const size_t mark = digits.find('e');
  size_t exponent = 0;
  std::from_chars(digits.data() + mark + 2, digits.data() + digits.size(), exponent);
  digits.resize(mark);
  const size_t whole = value < 0 ? 2 : 1;  // characters before the point
  if (digits.size() > whole) digits.erase(whole, 1);
  digits.resize(whole + exponent, '0');
  return digits;
}

std::string LabelsText(const base::Labels& labels) {
  std::string text = "{";
  for (const base::Label& label : labels) {
    if (text.size() > 1) text += ", ";
    text += base::IsLegacyLabelName(label.name) ? std::string(label.name) : base::Quote(label.name);
    text += "=" + base::Quote(label.value);
  }
  return text + "}";
}

}  // namespace promql
