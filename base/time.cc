#include "base/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>

namespace base {
namespace {

struct Unit {
  std::string_view name;
  int64_t milliseconds;
};
// Largest first; "m" after "ms" would shadow it, so the parser compares whole letter runs.
constexpr std::array<Unit, 7> kUnits = {{{"y", 365LL * 86'400'000},
                                         {"w", 7LL * 86'400'000},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1'000},
                                         {"ms", 1}}};
constexpr int64_t kMaxMilliseconds = std::numeric_limits<int64_t>::max() / 1'000'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

double ToSeconds(Duration duration) { return static_cast<double>(duration.count()) / 1000.0; }
double ToSeconds(Timestamp time) { return ToSeconds(time.time_since_epoch()); }
Duration DurationFromSeconds(double seconds) {
  // Values beyond what a double holds exactly are clamped instead of overflowing.
  constexpr double kLimit = 9.2e15;
  const double clamped = std::isnan(seconds) ? 0 : std::fmin(std::fmax(seconds, -kLimit), kLimit);
  return Duration(static_cast<int64_t>(std::round(clamped * 1000.0)));
}
Timestamp TimestampFromSeconds(double seconds) { return Timestamp(DurationFromSeconds(seconds)); }

Result<Duration> ParseDuration(std::string_view text) {
  if (text.empty()) return Invalid("empty duration string");
  if (text == "0") return Duration::zero();
  const auto bad = [&] { return Invalid(fmt::format("not a valid duration string: \"{}\"", text)); };
  int64_t total = 0;
  size_t next_unit = 0;
  for (std::string_view rest = text; !rest.empty();) {
    int64_t number = 0;
    const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (status == std::errc::result_out_of_range) return Invalid("duration out of range");
    if (status != std::errc{} || !IsDigit(rest.front())) return bad();
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    size_t letters = 0;
    while (letters < rest.size() && !IsDigit(rest[letters])) ++letters;
    const std::string_view name = rest.substr(0, letters);
    rest.remove_prefix(letters);
    if (name.empty()) return bad();
    const auto named = std::ranges::find(kUnits, name, &Unit::name);
    if (named == kUnits.end()) return Invalid(fmt::format("unknown unit \"{}\" in duration \"{}\"", name, text));
    const auto position = static_cast<size_t>(named - kUnits.begin());
    if (position < next_unit) return bad();
    next_unit = position;
    const int64_t unit = kUnits[next_unit++].milliseconds;
    if (number > (kMaxMilliseconds - total) / unit) return Invalid("duration out of range");
    total += number * unit;
  }
  return Duration(total);
}

std::string FormatDuration(Duration duration) {
  int64_t left = duration.count();
  if (left == 0) return "0s";
  std::string text = left < 0 ? "-" : "";
  left = std::abs(left);
  for (const Unit& unit : kUnits) {
    // years and weeks only where they come out even, as in Prometheus: 8d stays 8d
    const bool exact_only = unit.milliseconds > 86'400'000;
    if (exact_only && left % unit.milliseconds != 0) continue;
    const int64_t count = left / unit.milliseconds;
    if (count == 0) continue;
    text += fmt::format("{}{}", count, unit.name);
    left -= count * unit.milliseconds;
  }
  return text;
}

std::string FormatDurationForPeople(Duration duration) {
  constexpr std::array<Unit, 4> kPeopleUnits = {{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}}};
  int64_t left = std::abs(duration.count());
  std::string text = duration.count() < 0 ? "-" : "";
  int shown = 0;
  for (const Unit& unit : kPeopleUnits) {
    const int64_t count = left / unit.milliseconds;
    left %= unit.milliseconds;
    if (count == 0) {
      if (shown > 0) break;
      continue;
    }
    text += fmt::format("{}{}{}", shown > 0 ? " " : "", count, unit.name);
    if (++shown == 2) break;
  }
  return shown == 0 ? "0s" : text;
}

std::string FormatRfc3339(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    text += fmt::format(".{:03}", fraction);
    while (text.back() == '0') text.pop_back();
  }
  return text + "Z";
}

std::string FormatTimeForPeople(Timestamp time) {
  const std::string text = FormatRfc3339(std::chrono::floor<std::chrono::seconds>(time));
  const size_t t = text.find('T');
  return fmt::format("{} {} UTC", text.substr(0, t), text.substr(t + 1, text.size() - t - 2));
}

Result<Timestamp> ParseRfc3339(std::string_view text) {
  const auto bad = [&] { return Invalid(fmt::format("not a valid RFC 3339 time: \"{}\"", text)); };
  const auto number = [&](size_t at, size_t length) -> int {
    if (at + length > text.size()) return -1;
    int value = 0;
    for (const char c : text.substr(at, length)) {
      if (!IsDigit(c)) return -1;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  constexpr size_t kFraction = 19;  // "2026-11-21T00:00:00"
  if (text.size() <= kFraction || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't') ||
      text[13] != ':' || text[16] != ':') {
    return bad();
  }
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 0 || month < 0 || day < 0 || !date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59) {
    return bad();
  }
  size_t at = kFraction;
  int64_t milliseconds = 0;
  if (text[at] == '.') {
    int64_t scale = 100;
    const size_t first = ++at;
    for (; at < text.size() && IsDigit(text[at]); ++at, scale /= 10) milliseconds += (text[at] - '0') * scale;
    if (at == first) return bad();
  }
  std::chrono::minutes offset{0};
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':') {
    const int hours = number(at + 1, 2), minutes = number(at + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return bad();
    offset = std::chrono::minutes(hours * 60 + minutes) * (text[at] == '-' ? -1 : 1);
    at += 6;
  } else {
    return bad();
  }
  if (at != text.size()) return bad();
  return Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + Duration(milliseconds) - offset;
}

}  // namespace base
