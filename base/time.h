#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

// Instants and spans of time, to the millisecond, as Prometheus keeps them. Time is always passed in; only app/ builds
// the real clock (base/clock.h).

namespace base {

using Duration = std::chrono::milliseconds;
using Timestamp = std::chrono::sys_time<Duration>;

// Seconds as a number, the form of PromQL's time() and of the HTTP API. From rounds to the nearest millisecond.
double ToSeconds(Duration duration);
double ToSeconds(Timestamp time);
Timestamp TimestampFromSeconds(double seconds);
Duration DurationFromSeconds(double seconds);

// Prometheus' durations: "1h30m", "15s", "500ms", "2w", "0". Units y w d h m s ms, each once, in falling order; no
// sign. Overflow of 64-bit nanoseconds (292 years) is an error, as in Prometheus.
Result<Duration> ParseDuration(std::string_view text);

// The shortest such text: "1h30m", "0s".
std::string FormatDuration(Duration duration);

// For people: the two largest units, "3h 12m", "45s", "0s".
std::string FormatDurationForPeople(Duration duration);

// RFC 3339 in UTC with millisecond precision, trailing zeros cut as Go does: "2026-11-21T00:00:00.5Z".
std::string FormatRfc3339(Timestamp time);
// For people, to the second: "2026-11-21 00:00:05 UTC".
std::string FormatTimeForPeople(Timestamp time);
Result<Timestamp> ParseRfc3339(std::string_view text);

}  // namespace base
