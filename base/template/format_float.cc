#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/template/format.h"

namespace base {

std::string GoFormatFloat(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 64> small{};
  if (verb == 'x' || verb == 'X') {
    const double magnitude = std::fabs(value);
    const auto end =
        precision < 0 ? std::to_chars(small.data(), small.data() + small.size(), magnitude, std::chars_format::hex).ptr
                      : std::to_chars(small.data(), small.data() + small.size(), magnitude, std::chars_format::hex,
                                      std::min(precision, 40))
                            .ptr;
    std::string text(small.data(), end);
    if (const size_t p = text.find('p'); text.size() - p == 3) text.insert(p + 2, "0");
    text.insert(0, std::signbit(value) ? "-0x" : "0x");
    if (verb == 'X')
      std::ranges::transform(text, text.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
  }
  if (precision >= 0) {
    const char format[] = {'%', '.', '*', verb, '\0'};
    const int length = std::snprintf(nullptr, 0, format, precision, value);
    std::string text(static_cast<size_t>(length) + 1, '\0');
    std::snprintf(text.data(), text.size(), format, precision, value);
    text.pop_back();
    return text;
  }
  std::array<char, 400> buffer{};
  const auto shortest = [&](std::chars_format form) {
    return std::string(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, form).ptr);
  };
  if (verb == 'f') return shortest(std::chars_format::fixed);
  std::string text = shortest(std::chars_format::scientific);
  // the exponent form is for numbers below 1e-4 and from 1e6
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  if (verb == 'g' || verb == 'G') {
    if (value == 0 || (exponent >= -4 && exponent < 6)) text = shortest(std::chars_format::fixed);
  }
  if (verb == 'E' || verb == 'G') std::ranges::replace(text, 'e', 'E');
  return text;
}

}  // namespace base
