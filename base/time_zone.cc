#include "base/time_zone.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/file.h"

namespace base {
namespace {

// Big-endian numbers from front to back; `good` turns false beyond the end.
struct Bytes {
  std::string_view rest;
  bool good = true;

  std::string_view Take(size_t count) {
    if (rest.size() < count) {
      good = false;
      return {};
    }
    const std::string_view taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  int64_t Number(size_t size) {
    const std::string_view bytes = Take(size);
    if (bytes.empty()) return 0;
    uint64_t value = static_cast<unsigned char>(bytes[0]) >= 0x80 ? ~0ULL : 0;
    for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
    return static_cast<int64_t>(value);
  }
};

struct Counts {
  size_t utc = 0, wall = 0, leaps = 0, transitions = 0, types = 0, characters = 0;
  size_t BodySize(size_t time_size) const {
    return transitions * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) + wall + utc;
  }
};

bool TakeHeader(Bytes& bytes, Counts& counts, char& version) {
  if (bytes.Take(4) != "TZif") return false;
  version = bytes.Take(16)[0];
  for (size_t* count :
       {&counts.utc, &counts.wall, &counts.leaps, &counts.transitions, &counts.types, &counts.characters}) {
    *count = static_cast<size_t>(bytes.Number(4)) & 0xFFFFFFFFU;
  }
  return bytes.good;
}

bool TakeNumber(std::string_view& text, int& value) {
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{}) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool TakeCharacter(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// "CET" or "<+03>"
bool TakeAbbreviation(std::string_view& text, std::string& name) {
  const bool quoted = TakeCharacter(text, '<');
  size_t end = 0;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  while (end < text.size() && (quoted ? text[end] != '>' : letter(text[end]))) ++end;
  name = text.substr(0, end);
  text.remove_prefix(end);
  return !name.empty() && (!quoted || TakeCharacter(text, '>'));
}

// "-5", "3:30", "+1:00:30"
bool TakeClock(std::string_view& text, int32_t& seconds) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int hours = 0, minutes = 0, rest = 0;
  if (!TakeNumber(text, hours)) return false;
  if (TakeCharacter(text, ':') && !TakeNumber(text, minutes)) return false;
  if (TakeCharacter(text, ':') && !TakeNumber(text, rest)) return false;
  if (hours > 168 || minutes > 59 || rest > 59) return false;
  seconds = (hours * 3600 + minutes * 60 + rest) * (negative ? -1 : 1);
  return true;
}

}  // namespace

bool TimeZone::ParseChange(std::string_view& text, Change& change) {
  if (!TakeCharacter(text, ',')) return false;
  if (TakeCharacter(text, 'M')) {
    if (!TakeNumber(text, change.month) || !TakeCharacter(text, '.') || !TakeNumber(text, change.week) ||
        !TakeCharacter(text, '.') || !TakeNumber(text, change.weekday)) {
      return false;
    }
    if (change.month < 1 || change.month > 12 || change.week < 1 || change.week > 5 || change.weekday < 0 ||
        change.weekday > 6) {
      return false;
    }
  } else {
    change.skip_leap_day = TakeCharacter(text, 'J');
    if (!TakeNumber(text, change.day) || change.day < 0 || change.day > 365) return false;
  }
  return !TakeCharacter(text, '/') || TakeClock(text, change.seconds);
}

// POSIX' form, "CET-1CEST,M3.5.0,M10.5.0/3": offsets there count westward.
bool TimeZone::ParseRule(std::string_view text, Rule& rule) {
  int32_t west = 0;
  if (!TakeAbbreviation(text, rule.standard.abbreviation) || !TakeClock(text, west)) return false;
  rule.standard.offset_seconds = -west;
  if (text.empty()) return true;
  rule.has_summer = true;
  if (!TakeAbbreviation(text, rule.summer.abbreviation)) return false;
  rule.summer.offset_seconds = rule.standard.offset_seconds + 3600;
  if (!text.empty() && text.front() != ',') {
    if (!TakeClock(text, west)) return false;
    rule.summer.offset_seconds = -west;
  }
  return ParseChange(text, rule.to_summer) && ParseChange(text, rule.to_standard) && text.empty();
}

int64_t TimeZone::Change::At(int64_t year, int32_t offset) const {
  namespace c = std::chrono;
  const c::year in(static_cast<int>(year));
  c::sys_days date;
  if (month > 0) {
    const c::month of(static_cast<unsigned>(month));
    const c::weekday on(static_cast<unsigned>(weekday));
    date = week == 5 ? c::sys_days(in / of / on[c::last]) : c::sys_days(in / of / on[static_cast<unsigned>(week)]);
  } else {
    // J1..J365 never counts the 29th of February; 0..365 does
    const int leap = skip_leap_day && in.is_leap() && day > 59 ? 1 : 0;
    date = c::sys_days(in / c::January / 1) + c::days(skip_leap_day ? day - 1 + leap : day);
  }
  return c::seconds(date.time_since_epoch()).count() + seconds - offset;
}

TimeZone::Local TimeZone::Rule::At(int64_t seconds) const {
  if (!has_summer) return standard;
  const auto day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(seconds + standard.offset_seconds)));
  const int64_t year = static_cast<int>(std::chrono::year_month_day(day).year());
  const int64_t begin = to_summer.At(year, standard.offset_seconds);
  const int64_t end = to_standard.At(year, summer.offset_seconds);
  const bool is_summer = begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
  return is_summer ? summer : standard;
}

Result<TimeZone> TimeZone::Parse(std::string_view name, std::string_view content) {
  const auto corrupt = [&] {
    return Fail(ErrorCode::corrupt, fmt::format("the file of time zone \"{}\" is malformed", name));
  };
  Bytes bytes{content};
  Counts counts;
  char version = 0;
  if (!TakeHeader(bytes, counts, version)) return corrupt();
  size_t time_size = 4;
  if (version >= '2') {
    // the first half is for readers that know 32 bits alone
    bytes.Take(counts.BodySize(4));
    if (!TakeHeader(bytes, counts, version)) return corrupt();
    time_size = 8;
  }
  if (counts.types == 0 || counts.BodySize(time_size) > bytes.rest.size()) return corrupt();
  TimeZone zone;
  zone.name_ = name;
  for (size_t i = 0; i < counts.transitions; ++i) zone.transitions_.push_back(bytes.Number(time_size));
  const std::string_view indexes = bytes.Take(counts.transitions);
  Bytes types{bytes.Take(counts.types * 6)};
  const std::string_view characters = bytes.Take(counts.characters);
  std::vector<Local> locals;
  for (size_t i = 0; i < counts.types; ++i) {
    Local local;
    local.offset_seconds = static_cast<int32_t>(types.Number(4));
    types.Take(1);
    const auto at = static_cast<size_t>(types.Number(1) & 0xFF);
    if (at >= characters.size()) return corrupt();
    local.abbreviation = characters.substr(at, characters.find('\0', at) - at);
    locals.push_back(std::move(local));
  }
  zone.first_ = locals[0];
  for (const char c : indexes) {
    const size_t index = static_cast<unsigned char>(c);
    if (index >= locals.size()) return corrupt();
    zone.after_.push_back(locals[index]);
  }
  if (!std::ranges::is_sorted(zone.transitions_)) return corrupt();
  bytes.Take(counts.leaps * (time_size + 4) + counts.wall + counts.utc);
  if (bytes.rest.size() > 2 && bytes.rest.front() == '\n') {
    const std::string_view rule = bytes.rest.substr(1, bytes.rest.find('\n', 1) - 1);
    zone.has_rule_ = !rule.empty() && ParseRule(rule, zone.rule_);
  }
  return zone;
}

Result<TimeZone> TimeZone::Load(std::string_view name, const std::string& directory) {
  if (name.empty() || name == "UTC") return TimeZone();
  const auto unknown = [&] { return Fail(ErrorCode::not_found, fmt::format("unknown time zone {}", name)); };
  // a name is a path below the directory, never out of it
  if (name.front() == '/' || name.find("..") != std::string_view::npos || name.find('\\') != std::string_view::npos) {
    return unknown();
  }
  const auto content = ReadFile(directory + "/" + std::string(name));
  if (!content) return unknown();
  return Parse(name, *content);
}

TimeZone::Local TimeZone::At(Timestamp time) const {
  const int64_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  const auto next = std::ranges::upper_bound(transitions_, seconds);
  if (next == transitions_.end() && has_rule_) return rule_.At(seconds);
  if (next == transitions_.begin()) return first_;
  return after_[static_cast<size_t>(next - transitions_.begin()) - 1];
}

std::optional<TimeZone::YearlyTurns> TimeZone::TurnsFrom(Timestamp time) const {
  const bool by_weekday = rule_.to_summer.month > 0 && rule_.to_standard.month > 0;
  if (!has_rule_ || !rule_.has_summer || !by_weekday) return std::nullopt;
  // the table goes on for a while; what it says must be what the rule says
  const int64_t from = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  for (size_t i = 0; i < transitions_.size(); ++i) {
    if (transitions_[i] < from) continue;
    const Local& before = i == 0 ? first_ : after_[i - 1];
    if (rule_.At(transitions_[i]) != after_[i] || rule_.At(transitions_[i] - 1) != before) return std::nullopt;
  }
  if (At(time) != rule_.At(from)) return std::nullopt;
  const auto turn = [](const Change& change, int32_t offset) {
    return Turn{change.month, change.week, change.weekday, change.seconds - offset};
  };
  return YearlyTurns{.standard_offset = rule_.standard.offset_seconds,
                     .summer_offset = rule_.summer.offset_seconds,
                     .to_summer = turn(rule_.to_summer, rule_.standard.offset_seconds),
                     .to_standard = turn(rule_.to_standard, rule_.summer.offset_seconds)};
}

}  // namespace base
