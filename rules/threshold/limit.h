#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

// The limits of a threshold as a runbook writes them: "> 3", "< 1.5 %", "> 60m", ">= 10GiB". Pure functions.

namespace rules {

enum class Comparison : uint8_t { above, at_least, below, at_most, equal, not_equal };
std::string_view ToString(Comparison comparison);  // > >= < <= == !=

// What the value of an expression is counted in.
enum class Unit : uint8_t { none, percent, ratio, milliseconds, seconds, minutes, hours, days, bytes };
std::string_view ToString(Unit unit);
base::Result<Unit> ParseUnit(std::string_view text);

// A limit before the unit of the value it is compared with is known.
struct WrittenLimit {
  Comparison comparison = Comparison::above;
  std::string number;
  std::string suffix;           // "%", "m", "GiB" … or ""
  std::optional<Unit> natural;  // percent, seconds or bytes, where the suffix says so
  double factor = 1;            // of the suffix, to percent, seconds or bytes
  bool bare = false;            // a number alone, without a comparison
};

// `bare_means_equal`: "0" alone reads as "== 0", as a target may be written.
base::Result<WrittenLimit> ParseLimit(std::string_view text, bool bare_means_equal = false);
// A number alone is compared as told.
base::Result<WrittenLimit> ParseLimit(std::string_view text, Comparison bare);

struct Limit {
  Comparison comparison = Comparison::above;
  double value = 0;  // in the unit of the compared value
  std::string text;  // for people: "> 60m"
  bool operator==(const Limit&) const = default;
};

// What is asked of one value.
struct Limits {
  std::optional<Limit> target;
  std::optional<Limit> warning;
  std::optional<Limit> critical;
  bool operator==(const Limits&) const = default;
};

// In the unit of the value; an error where the suffix cannot be expressed in it ("> 60m" of a percentage).
base::Result<Limit> ConvertLimit(const WrittenLimit& written, Unit unit);

// Whether some value meets both.
bool Overlap(const Limit& a, const Limit& b);
// Whether every value that meets `narrow` meets `wide`, and not the other way round.
bool StrictlyWithin(const Limit& narrow, const Limit& wide);
// Whether no number from `least` to `most` meets the limit.
bool Unreachable(const Limit& limit, double least, double most);
// 1 for limits on values that grow too large, -1 on those that get too small, 0 otherwise.
int Direction(Comparison comparison);

}  // namespace rules
