#include <array>
#include <chrono>

#include "base/template/format.h"
#include "base/text.h"

namespace base {
namespace {

struct Parsed {
  int year = 0;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int64_t nanosecond = 0;
  int32_t offset = 0;
  std::optional<bool> afternoon{};
  std::string zone = "UTC";
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Between `least` and `most` digits.
bool TakeNumber(std::string_view& text, size_t least, size_t most, int& value) {
  size_t count = 0;
  value = 0;
  while (count < most && count < text.size() && IsDigit(text[count])) value = value * 10 + (text[count++] - '0');
  text.remove_prefix(count);
  return count >= least;
}

template <size_t Count>
bool TakeName(std::string_view& text, const std::array<std::string_view, Count>& names, bool whole, int& index) {
  for (size_t i = 0; i < Count; ++i) {
    const std::string_view name = whole ? names[i] : names[i].substr(0, 3);
    if (ToLower(text.substr(0, name.size())) != ToLower(name)) continue;
    text.remove_prefix(name.size());
    index = static_cast<int>(i);
    return true;
  }
  return false;
}

constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

bool TakeFraction(std::string_view& text, int64_t& nanosecond) {
  if (text.size() < 2 || (text[0] != '.' && text[0] != ',') || !IsDigit(text[1])) return false;
  text.remove_prefix(1);
  nanosecond = 0;
  int64_t unit = 100'000'000;
  for (; !text.empty() && IsDigit(text[0]); text.remove_prefix(1), unit /= 10) nanosecond += (text[0] - '0') * unit;
  return true;
}

// "-0700", "-07:00", "-07:00:00", "-07", after the sign of `mark`.
bool TakeOffset(std::string_view& text, std::string_view mark, Parsed& time) {
  if (mark.front() == 'Z' && text.starts_with('Z')) {
    text.remove_prefix(1);
    return true;
  }
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const int32_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const bool colons = mark.find(':') != std::string_view::npos;
  const size_t digits = mark.size() - 1 - (colons ? (mark.size() - 1) / 3 : 0);
  int32_t unit = 3600;
  for (size_t i = 0; i < digits / 2; ++i, unit /= 60) {
    if (i > 0 && colons) {
      if (!text.starts_with(':')) return false;
      text.remove_prefix(1);
    }
    int value = 0;
    if (!TakeNumber(text, 2, 2, value)) return false;
    time.offset += value * unit * sign;
  }
  time.zone = "";
  return true;
}

using Take = bool (*)(std::string_view& text, std::string_view mark, Parsed& time);
struct Piece {
  std::string_view mark;
  Take take;
};

// Longer marks before those they begin with.
constexpr auto kPieces = std::to_array<Piece>({
    {"January", [](std::string_view& t, std::string_view, Parsed& p) { const bool good = TakeName(t, kMonths, true, p.month); ++p.month; return good; }},
    {"Jan", [](std::string_view& t, std::string_view, Parsed& p) { const bool good = TakeName(t, kMonths, false, p.month); ++p.month; return good; }},
    {"Monday", [](std::string_view& t, std::string_view, Parsed&) { int day = 0; return TakeName(t, kDays, true, day); }},
    {"Mon", [](std::string_view& t, std::string_view, Parsed&) { int day = 0; return TakeName(t, kDays, false, day); }},
    {"MST", [](std::string_view& t, std::string_view, Parsed& p) {
       size_t end = 0;
       while (end < t.size() && t[end] >= 'A' && t[end] <= 'Z') ++end;
       p.zone = t.substr(0, end);
       t.remove_prefix(end);
       return end >= 3 && end <= 4;
     }},
    {"2006", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 4, 4, p.year); }},
    {"06", [](std::string_view& t, std::string_view, Parsed& p) { const bool good = TakeNumber(t, 2, 2, p.year); p.year += p.year >= 69 ? 1900 : 2000; return good; }},
    {"01", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 2, 2, p.month); }},
    {"02", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 2, 2, p.day); }},
    {"03", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 2, 2, p.hour); }},
    {"04", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 2, 2, p.minute); }},
    {"05", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 2, 2, p.second); }},
    {"15", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 2, 2, p.hour); }},
    {"1", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 1, 2, p.month); }},
    {"_2", [](std::string_view& t, std::string_view, Parsed& p) { if (t.starts_with(' ')) t.remove_prefix(1); return TakeNumber(t, 1, 2, p.day); }},
    {"2", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 1, 2, p.day); }},
    {"3", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 1, 2, p.hour); }},
    {"4", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 1, 2, p.minute); }},
    {"5", [](std::string_view& t, std::string_view, Parsed& p) { return TakeNumber(t, 1, 2, p.second); }},
    {"PM", [](std::string_view& t, std::string_view, Parsed& p) { p.afternoon = t.starts_with('P'); const bool good = t.starts_with("PM") || t.starts_with("AM"); t.remove_prefix(good ? 2 : 0); return good; }},
    {"pm", [](std::string_view& t, std::string_view, Parsed& p) { p.afternoon = t.starts_with('p'); const bool good = t.starts_with("pm") || t.starts_with("am"); t.remove_prefix(good ? 2 : 0); return good; }},
    {"-07:00:00", TakeOffset},
    {"-07:00", TakeOffset},
    {"-070000", TakeOffset},
    {"-0700", TakeOffset},
    {"-07", TakeOffset},
    {"Z07:00:00", TakeOffset},
    {"Z07:00", TakeOffset},
    {"Z070000", TakeOffset},
    {"Z0700", TakeOffset},
    {"Z07", TakeOffset},
});

const Piece* FindPiece(std::string_view layout) {
  for (const Piece& piece : kPieces) {
    if (layout.starts_with(piece.mark)) return &piece;
  }
  return nullptr;
}

bool TakeAll(std::string_view layout, std::string_view text, Parsed& time) {
  while (!layout.empty()) {
    const bool fraction = layout.size() > 1 && layout[0] == '.' && (layout[1] == '0' || layout[1] == '9');
    if (fraction) {
      if (!TakeFraction(text, time.nanosecond) && layout[1] == '0') return false;
      layout.remove_prefix(1);
      while (layout.starts_with('0') || layout.starts_with('9')) layout.remove_prefix(1);
      continue;
    }
    if (const Piece* piece = FindPiece(layout)) {
      if (!piece->take(text, piece->mark, time)) return false;
      layout.remove_prefix(piece->mark.size());
      // seconds may have a fraction that the layout does not show
      const bool seconds = piece->mark == "05" || piece->mark == "5";
      if (seconds && !layout.starts_with('.')) TakeFraction(text, time.nanosecond);
      continue;
    }
    if (!text.starts_with(layout.front())) return false;
    layout.remove_prefix(1);
    text.remove_prefix(1);
  }
  return text.empty();
}

}  // namespace

std::optional<TemplateTime> GoParseTime(std::string_view layout, std::string_view text) {
  Parsed time;
  if (!TakeAll(layout, text, time)) return std::nullopt;
  if (time.afternoon) time.hour = time.hour % 12 + (*time.afternoon ? 12 : 0);
  const std::chrono::year_month_day date{std::chrono::year(time.year),
                                         std::chrono::month(static_cast<unsigned>(time.month)),
                                         std::chrono::day(static_cast<unsigned>(time.day))};
  constexpr int kFirstYear = 1678, kLastYear = 2261;  // what 64 bits of nanoseconds hold
  if (!date.ok() || time.year < kFirstYear || time.year > kLastYear || time.hour > 23 || time.minute > 59 ||
      time.second > 59) {
    return std::nullopt;
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second - time.offset;
  return TemplateTime{seconds * 1'000'000'000 + time.nanosecond, time.offset, time.zone};
}

}  // namespace base
