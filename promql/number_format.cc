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

std::string FormatPlain(double value) { return Convert(value, std::chars_format::fixed); }

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
