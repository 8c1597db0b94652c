#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml/yaml.h"
#include "rules/expression.h"
#include "rules/rule.h"

// The hours of the week in which a threshold may alert, as PromQL: rules know no calendar but day_of_week(), hour() and
// minute(), all in UTC, so another time zone is a shift of time(): by a fixed offset, or, where the clocks change
// during the year, by one that a recorded series tells (local_time.h).

namespace rules {

// Minutes of a day, from `begin` until before `end`; an `end` at or before `begin` is on the day after.
struct DaySpan {
  int begin = 0;
  int end = 24 * 60;
  bool operator==(const DaySpan&) const = default;
};

struct ActiveTimes {
  std::bitset<7> days;           // 0 is Sunday; the days on which a span begins
  std::vector<DaySpan> spans;    // at least one
  int offset_minutes = 0;        // local time less UTC
  std::string zone;              // "Europe/Berlin", where the clocks change during the year; else ""
  std::string local_time;        // then PromQL for the local time, in place of offset_minutes
  std::bitset<2> severities{3};  // by Severity: the alerts this is about
  bool For(Severity severity) const { return severities.test(static_cast<size_t>(severity)); }
  bool operator==(const ActiveTimes&) const = default;
};

// `active:` as it is written.
struct WrittenActive {
  std::vector<YamlText> days;
  std::vector<YamlText> hours;
  YamlText time_zone;
  std::vector<YamlText> severities;
  YamlText whole;  // where it stands
};
bool ReadYaml(const base::YamlReader& in, WrittenActive& out);
const std::vector<base::FieldHelp>& ActiveHelp();

// Mistakes go to `errors`; nullopt after one. A named time zone is read from the system's zone files; one whose clocks
// change, but not at a weekday of a month in every year, is a mistake.
std::optional<ActiveTimes> CheckActive(const WrittenActive& written, base::YamlErrors& errors);

// An expression that has one sample at the active times, and none otherwise; to be matched without labels. `local_time`
// is the series that times.local_time is recorded as.
std::string ActiveExpression(const ActiveTimes& times, const std::string& local_time);

}  // namespace rules
