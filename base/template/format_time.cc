#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdint>

#include "base/template/format.h"

// Go's layouts show how the instant Mon Jan 2 15:04:05 MST 2006 would be written; each piece of it that is recognised
// is replaced by the same piece of the time to print, and all else is copied.

namespace base {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr int64_t kSecond = 1'000'000'000;

struct Pieces {
  int year = 0;
  unsigned month = 1;
  unsigned day = 1;
  unsigned weekday = 0;
  unsigned day_of_year = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int64_t nanosecond = 0;
  const TemplateTime* time = nullptr;
};

Pieces Take(const TemplateTime& time) {
  int64_t local = 0;
  if (__builtin_add_overflow(time.nanoseconds, time.offset_seconds * kSecond, &local)) local = time.nanoseconds;
  const auto instant = std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(local));
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(instant - day);
  const auto first_day = std::chrono::sys_days(date.year() / std::chrono::January / 1);
  return {.year = static_cast<int>(date.year()),
          .month = static_cast<unsigned>(date.month()),
          .day = static_cast<unsigned>(date.day()),
          .weekday = std::chrono::weekday(day).c_encoding(),
          .day_of_year = static_cast<unsigned>((day - first_day).count()) + 1,
          .hour = static_cast<int>(clock.hours().count()),
          .minute = static_cast<int>(clock.minutes().count()),
          .second = static_cast<int>(clock.seconds().count()),
          .nanosecond = clock.subseconds().count(),
          .time = &time};
}

std::string Offset(const TemplateTime& time, std::string_view separator, bool seconds, bool minutes = true) {
  const int32_t total = std::abs(time.offset_seconds);
  std::string text = fmt::format("{}{:02}", time.offset_seconds < 0 ? '-' : '+', total / 3600);
  if (minutes) text += fmt::format("{}{:02}", separator, total / 60 % 60);
  if (seconds) text += fmt::format("{}{:02}", separator, total % 60);
  return text;
}

std::string ZuluOr(const TemplateTime& time, std::string_view separator, bool seconds, bool minutes = true) {
  return time.offset_seconds == 0 ? "Z" : Offset(time, separator, seconds, minutes);
}

int Hour12(const Pieces& p) { return p.hour % 12 == 0 ? 12 : p.hour % 12; }

struct LayoutPiece {
  std::string_view mark;
  std::string (*print)(const Pieces&);
};

// Longer marks before those they begin with.
constexpr auto kLayout = std::to_array<LayoutPiece>({
    {"January", [](const Pieces& p) { return std::string(kMonths[p.month - 1]); }},
    {"Jan", [](const Pieces& p) { return std::string(kMonths[p.month - 1].substr(0, 3)); }},
    {"Monday", [](const Pieces& p) { return std::string(kDays[p.weekday]); }},
    {"Mon", [](const Pieces& p) { return std::string(kDays[p.weekday].substr(0, 3)); }},
    {"MST",
     [](const Pieces& p) {
       return p.time->zone.empty() ? Offset(*p.time, "", false, p.time->offset_seconds % 3600 != 0) : p.time->zone;
     }},
    {"002", [](const Pieces& p) { return fmt::format("{:03}", p.day_of_year); }},
    {"01", [](const Pieces& p) { return fmt::format("{:02}", p.month); }},
    {"02", [](const Pieces& p) { return fmt::format("{:02}", p.day); }},
    {"03", [](const Pieces& p) { return fmt::format("{:02}", Hour12(p)); }},
    {"04", [](const Pieces& p) { return fmt::format("{:02}", p.minute); }},
    {"05", [](const Pieces& p) { return fmt::format("{:02}", p.second); }},
    {"06", [](const Pieces& p) { return fmt::format("{:02}", p.year % 100); }},
    {"15", [](const Pieces& p) { return fmt::format("{:02}", p.hour); }},
    {"1", [](const Pieces& p) { return std::to_string(p.month); }},
    {"2006", [](const Pieces& p) { return fmt::format("{:04}", p.year); }},
    {"2", [](const Pieces& p) { return std::to_string(p.day); }},
    {"_2006", [](const Pieces& p) { return fmt::format("_{:04}", p.year); }},
    {"__2", [](const Pieces& p) { return fmt::format("{:3}", p.day_of_year); }},
    {"_2", [](const Pieces& p) { return fmt::format("{:2}", p.day); }},
    {"3", [](const Pieces& p) { return std::to_string(Hour12(p)); }},
    {"4", [](const Pieces& p) { return std::to_string(p.minute); }},
    {"5", [](const Pieces& p) { return std::to_string(p.second); }},
    {"PM", [](const Pieces& p) { return std::string(p.hour >= 12 ? "PM" : "AM"); }},
    {"pm", [](const Pieces& p) { return std::string(p.hour >= 12 ? "pm" : "am"); }},
    {"-070000", [](const Pieces& p) { return Offset(*p.time, "", true); }},
    {"-07:00:00", [](const Pieces& p) { return Offset(*p.time, ":", true); }},
    {"-0700", [](const Pieces& p) { return Offset(*p.time, "", false); }},
    {"-07:00", [](const Pieces& p) { return Offset(*p.time, ":", false); }},
    {"-07", [](const Pieces& p) { return Offset(*p.time, "", false, false); }},
    {"Z070000", [](const Pieces& p) { return ZuluOr(*p.time, "", true); }},
    {"Z07:00:00", [](const Pieces& p) { return ZuluOr(*p.time, ":", true); }},
    {"Z0700", [](const Pieces& p) { return ZuluOr(*p.time, "", false); }},
    {"Z07:00", [](const Pieces& p) { return ZuluOr(*p.time, ":", false); }},
    {"Z07", [](const Pieces& p) { return ZuluOr(*p.time, "", false, false); }},
});

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The length of a fraction (".000" keeps zeros, ".999" cuts them) at the start of `rest`; 0 if there is none.
size_t FractionLength(std::string_view rest) {
  if (rest.size() < 2 || (rest[0] != '.' && rest[0] != ',') || (rest[1] != '0' && rest[1] != '9')) return 0;
  size_t end = 1;
  while (end < rest.size() && rest[end] == rest[1]) ++end;
  return end < rest.size() && IsDigit(rest[end]) ? 0 : end;
}

std::string Fraction(int64_t nanosecond, std::string_view mark) {
  std::string digits = fmt::format("{:09}", nanosecond);
  digits.resize(std::min<size_t>(9, mark.size() - 1));
  if (mark[1] == '9') {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return "";
  }
  return mark[0] + digits;
}

const LayoutPiece* FindPiece(std::string_view rest) {
  for (const LayoutPiece& piece : kLayout) {
    if (!rest.starts_with(piece.mark)) continue;
    const bool word = piece.mark == "Jan" || piece.mark == "Mon";
    // "Month" is a word, not a "Mon"
    if (word && rest.size() > 3 && rest[3] >= 'a' && rest[3] <= 'z') continue;
    return &piece;
  }
  return nullptr;
}

}  // namespace

std::string GoFormatTime(const TemplateTime& time, std::string_view layout) {
  const Pieces pieces = Take(time);
  std::string text;
  while (!layout.empty()) {
    if (const size_t length = FractionLength(layout); length > 0) {
      text += Fraction(pieces.nanosecond, layout.substr(0, length));
      layout.remove_prefix(length);
    } else if (const LayoutPiece* piece = FindPiece(layout)) {
      text += piece->print(pieces);
      layout.remove_prefix(piece->mark.size());
    } else {
      text += layout.front();
      layout.remove_prefix(1);
    }
  }
  return text;
}

std::string GoPrintTime(const TemplateTime& time) {
  return GoFormatTime(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

std::string GoPrintDuration(int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  const bool negative = nanoseconds < 0;
  const uint64_t total = negative ? 0 - static_cast<uint64_t>(nanoseconds) : static_cast<uint64_t>(nanoseconds);
  const auto decimal = [](uint64_t value, uint64_t unit, int digits) {
    std::string text = std::to_string(value / unit);
    std::string fraction = digits == 0 ? "" : fmt::format("{:0{}}", value % unit, digits);
    while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
    return fraction.empty() ? text : text + "." + fraction;
  };
  std::string text = negative ? "-" : "";
  if (total < 1'000) return text + decimal(total, 1, 0) + "ns";
  if (total < 1'000'000) return text + decimal(total, 1'000, 3) + "µs";
  if (total < 1'000'000'000) return text + decimal(total, 1'000'000, 6) + "ms";
  const uint64_t minutes = total / 60'000'000'000;
  if (minutes >= 60) text += fmt::format("{}h", minutes / 60);
  if (minutes > 0) text += fmt::format("{}m", minutes % 60);
  return text + decimal(total % 60'000'000'000, 1'000'000'000, 9) + "s";
}

}  // namespace base
