#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace base {

// A place's clock, read from the system's zone files (/usr/share/zoneinfo, or $ZONEINFO's value given by the caller).
// A value; thread-safe.
class TimeZone {
 public:
  struct Local {
    int32_t offset_seconds = 0;  // to be added to UTC
    std::string abbreviation = "UTC";
    bool operator==(const Local&) const = default;
  };

  TimeZone() = default;  // UTC
  // "Europe/Berlin"; "" and "UTC" are UTC. Fails (not_found) for an unknown zone, (corrupt) for a malformed file.
  static Result<TimeZone> Load(std::string_view name, const std::string& directory = "/usr/share/zoneinfo");
  // The content of a zone file (RFC 9636).
  static Result<TimeZone> Parse(std::string_view name, std::string_view content);

  // How the clocks change every year: at the last or nth weekday of a month.
  struct Turn {
    int month = 1;            // 1 is January
    int week = 1;             // 1..5, 5 is the last
    int weekday = 0;          // 0 is Sunday
    int32_t utc_seconds = 0;  // when, after midnight UTC of that day; may be negative or beyond a day
    bool operator==(const Turn&) const = default;
  };
  struct YearlyTurns {
    int32_t standard_offset = 0;
    int32_t summer_offset = 0;
    Turn to_summer;
    Turn to_standard;
    bool operator==(const YearlyTurns&) const = default;
  };

  const std::string& name() const { return name_; }
  Local At(Timestamp time) const;
  // What is true of all years from this time on; nullopt where the clocks stay, or change by no such rule.
  std::optional<YearlyTurns> TurnsFrom(Timestamp time) const;

 private:
  // One of the two yearly changes that the file's last line describes, for times behind its table.
  struct Change {
    int month = 0;    // 0: the form "Jn" or "n", by `day`
    int week = 0;     // 1..5, 5 is the last
    int weekday = 0;  // 0 is Sunday
    int day = 0;
    bool skip_leap_day = false;
    int32_t seconds = 7200;  // of local time, from midnight; may be negative or beyond a day
    int64_t At(int64_t year, int32_t offset) const;
  };
  struct Rule {
    Local standard;
    Local summer;
    bool has_summer = false;
    Change to_summer;
    Change to_standard;
    Local At(int64_t seconds) const;
  };
  static bool ParseRule(std::string_view text, Rule& rule);
  static bool ParseChange(std::string_view& text, Change& change);

  std::string name_ = "UTC";
  Local first_;                       // before the first transition
  std::vector<int64_t> transitions_;  // seconds since 1970, ascending
  std::vector<Local> after_;          // what begins with each
  bool has_rule_ = false;
  Rule rule_;
};

}  // namespace base
