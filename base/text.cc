#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace base {
namespace {

// One code point of `text` at `at`: its length in bytes, or 0 where the bytes are not UTF-8.
size_t CodePointLength(std::string_view text, size_t at, uint32_t* code_point = nullptr) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  size_t length = 0;
  uint32_t value = 0;
  if (first < 0x80) {
    length = 1, value = first;
  } else if ((first & 0xE0) == 0xC0) {
    length = 2, value = first & 0x1F;
  } else if ((first & 0xF0) == 0xE0) {
    length = 3, value = first & 0x0F;
  } else if ((first & 0xF8) == 0xF0) {
    length = 4, value = first & 0x07;
  } else {
    return 0;
  }
  if (at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return 0;
    value = (value << 6) | (byte(at + i) & 0x3F);
  }
  constexpr std::array<uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[length] || value > 0x10FFFF || surrogate) return 0;
  if (code_point != nullptr) *code_point = value;
  return length;
}

// Shortest digits; an exponent below `smallest_fixed` and from 1e21.
std::string FormatShortest(double value, double smallest_fixed) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value == 0) return std::signbit(value) ? "-0" : "0";
  std::array<char, 64> buffer{};
  const auto print = [&](std::chars_format format) {
    return std::string(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr);
  };
  const double magnitude = std::fabs(value);
  if (magnitude < smallest_fixed || magnitude >= 1e21) return print(std::chars_format::scientific);
  std::string text = print(std::chars_format::fixed);
  // Large whole numbers: to_chars gives every digit of the double, the shortest form ends in zeros.
  if (magnitude >= 1e15 && text.find('.') == std::string::npos) {
    const std::string scientific = print(std::chars_format::scientific);
    const std::string digits = ReplaceAll(scientific.substr(0, scientific.find('e')), ".", "");
    text = digits + std::string(text.size() - digits.size(), '0');
  }
  return text;
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  for (size_t at = 0; at < text.size();) {
    uint32_t code_point = 0;
    const size_t length = CodePointLength(text, at, &code_point);
    if (length == 0) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at++]));
      continue;
    }
    switch (code_point) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\a':
        quoted += "\\a";
        break;
      case '\b':
        quoted += "\\b";
        break;
      case '\f':
        quoted += "\\f";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      case '\v':
        quoted += "\\v";
        break;
      default:
        if (code_point < 0x20 || code_point == 0x7F) {
          quoted += fmt::format("\\x{:02x}", code_point);
        } else if ((code_point >= 0x80 && code_point < 0xA0) || code_point == 0xA0 || code_point == 0xAD ||
                   code_point == 0xFEFF || (code_point >= 0x2000 && code_point <= 0x200F) ||
                   (code_point >= 0x2028 && code_point <= 0x202F)) {
          quoted += fmt::format("\\u{:04x}", code_point);
        } else {
          quoted.append(text.substr(at, length));
        }
    }
    at += length;
  }
  return quoted + "\"";
}

std::string FormatFloat(double value) { return FormatShortest(value, 1e-4); }

std::string FormatSampleValue(double value) { return FormatShortest(value, 1e-6); }

std::optional<double> ParseFloat(std::string_view text) {
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.empty() || text.front() == '+' || text.front() == '-') return std::nullopt;
  const std::string lower = ToLower(text);
  if (lower == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (lower == "inf" || lower == "infinity") return negative ? -INFINITY : INFINITY;
  double value = 0;
  auto format = std::chars_format::general;
  std::string_view digits = lower;
  if (digits.starts_with("0x")) {
    digits.remove_prefix(2);
    format = std::chars_format::hex;
  }
  if (digits.starts_with('n') || digits.starts_with('i')) return std::nullopt;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value, format);
  if (end != digits.data() + digits.size() || status == std::errc::invalid_argument) return std::nullopt;
  if (status == std::errc::result_out_of_range) {
    // too large is infinite, too small is zero: the exponent's sign tells which
    const size_t exponent = digits.find(format == std::chars_format::hex ? 'p' : 'e');
    const bool small = exponent != std::string_view::npos && digits.substr(exponent + 1).starts_with('-');
    const bool leading_zero = exponent == std::string_view::npos && digits.starts_with("0.");
    value = small || leading_zero ? 0 : INFINITY;
  }
  return negative ? -value : value;
}

std::optional<long long> ParseInteger(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  long long value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsValidUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = CodePointLength(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string_view Utf8Prefix(std::string_view text, size_t limit) {
  size_t at = 0;
  for (; at < text.size() && limit > 0; --limit) at += std::max<size_t>(1, CodePointLength(text, at));
  return text.substr(0, at);
}

void AppendUtf8(std::string& out, uint32_t code_point) {
  if (code_point > 0x10FFFF || (code_point >= 0xD800 && code_point < 0xE000)) code_point = 0xFFFD;
  const auto byte = [&out](uint32_t bits) { out += static_cast<char>(bits); };
  if (code_point < 0x80) return byte(code_point);
  if (code_point < 0x800) {
    byte(0xC0 | code_point >> 6);
  } else {
    if (code_point < 0x10000) {
      byte(0xE0 | code_point >> 12);
    } else {
      byte(0xF0 | code_point >> 18);
      byte(0x80 | (code_point >> 12 & 0x3F));
    }
    byte(0x80 | (code_point >> 6 & 0x3F));
  }
  byte(0x80 | (code_point & 0x3F));
}

size_t Utf8Length(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) at += std::max<size_t>(1, CodePointLength(text, at));
  return count;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::string Join(std::span<const std::string> parts, std::string_view separator) {
  std::string joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) joined += separator;
    joined += parts[i];
  }
  return joined;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string ReplaceAll(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = 0; !from.empty() && (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string EscapeHtml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&#34;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string EscapeUrlQuery(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain) {
      escaped += c;
    } else if (c == ' ') {
      escaped += '+';
    } else {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

std::optional<std::string> UnescapeUrl(std::string_view text, bool plus_is_space) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      unsigned value = 0;
      if (at + 2 >= text.size()) return std::nullopt;
      const auto [end, status] = std::from_chars(text.data() + at + 1, text.data() + at + 3, value, 16);
      if (status != std::errc{} || end != text.data() + at + 3) return std::nullopt;
      plain += static_cast<char>(value);
      at += 2;
    } else {
      plain += text[at] == '+' && plus_is_space ? ' ' : text[at];
    }
  }
  return plain;
}

std::optional<std::string> DidYouMean(std::string_view word, std::span<const std::string_view> known) {
  // Edit distance with swapped neighbours counted as one; a proposal may differ in a third of its letters.
  if (word.size() > 64) return std::nullopt;
  std::optional<std::string> best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  for (const std::string_view candidate : known) {
    if (candidate.size() > 64) continue;
    std::array<std::array<size_t, 65>, 65> distances{};
    for (size_t i = 0; i <= candidate.size(); ++i) {
      for (size_t j = 0; j <= word.size(); ++j) {
        size_t& here = distances[i][j];
        if (i == 0 || j == 0) {
          here = i + j;
          continue;
        }
        const bool same = candidate[i - 1] == word[j - 1];
        here = std::min({distances[i - 1][j - 1] + (same ? 0 : 1), distances[i - 1][j] + 1, distances[i][j - 1] + 1});
        const bool swapped = i > 1 && j > 1 && candidate[i - 1] == word[j - 2] && candidate[i - 2] == word[j - 1];
        if (swapped) here = std::min(here, distances[i - 2][j - 2] + 1);
      }
    }
    const size_t distance = distances[candidate.size()][word.size()];
    if (distance < best_distance && distance <= std::max<size_t>(1, candidate.size() / 3)) {
      best_distance = distance;
      best = std::string(candidate);
    }
  }
  return best;
}

}  // namespace base
