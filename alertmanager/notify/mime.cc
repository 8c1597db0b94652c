#include "alertmanager/notify/mime.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/net/http.h"
#include "base/text.h"

namespace alertmanager {
namespace {

constexpr size_t kWordBytes = 45;  // 60 characters of base64 and the word's frame stay below 75
constexpr size_t kLineLimit = 75;  // and the soft break's "="

bool IsPlain(std::string_view value) {
  return value.size() <= 900 && !value.contains("=?") &&
         std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f; });
}

// The longest prefix of whole characters within `bytes`.
size_t PrefixBytes(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text.size();
  size_t length = bytes;
  while (length > 1 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
  return length;
}

}  // namespace

std::string EncodeHeader(std::string_view value) {
  std::string clean(value);
  std::ranges::replace_if(clean, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  if (IsPlain(clean)) return clean;
  std::string encoded;
  for (std::string_view rest = clean; !rest.empty();) {
    const size_t length = PrefixBytes(rest, kWordBytes);
    if (!encoded.empty()) encoded += "\r\n ";
    encoded += "=?UTF-8?B?" + base::Base64(rest.substr(0, length)) + "?=";
    rest.remove_prefix(length);
  }
  return encoded;
}

std::string QuotedPrintable(std::string_view text) {
  std::string out;
  size_t column = 0;
  const auto put = [&](std::string_view token) {
    if (column + token.size() > kLineLimit) {
      out += "=\r\n";
      column = 0;
    }
    out += token;
    column += token.size();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool line_ends = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool blank = c == ' ' || c == '\t';
    const bool plain = c > 0x20 && c < 0x7f && c != '=';
    if (plain || (blank && !line_ends)) {
      put(std::string_view(&c, 1));
    } else {
      put(fmt::format("={:02X}", static_cast<unsigned char>(c)));
    }
  }
  return out;
}

std::string MailDate(base::Timestamp time) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", kDays[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
                     clock.seconds().count());
}

}  // namespace alertmanager
