#include "rules/threshold/limit.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/text.h"
#include "base/time.h"

namespace rules {
namespace {

constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons = {{
    // longer ones first, so that ">=" is not read as ">"
    {">=", Comparison::at_least},
    {"<=", Comparison::at_most},
    {"==", Comparison::equal},
    {"!=", Comparison::not_equal},
    {">", Comparison::above},
    {"<", Comparison::below},
}};

struct UnitName {
  std::string_view name;
  Unit unit;
};
constexpr std::array<UnitName, 13> kUnits = {{
    {"none", Unit::none},
    {"percent", Unit::percent},
    {"%", Unit::percent},
    {"ratio", Unit::ratio},
    {"milliseconds", Unit::milliseconds},
    {"ms", Unit::milliseconds},
    {"seconds", Unit::seconds},
    {"s", Unit::seconds},
    {"minutes", Unit::minutes},
    {"hours", Unit::hours},
    {"days", Unit::days},
    {"bytes", Unit::bytes},
    {"B", Unit::bytes},
}};

// Words after a number, with what they make of it. Runbooks write "12min" and "8hrs", so those read as well.
struct Suffix {
  std::string_view word;
  Unit natural;
  double factor;
};
constexpr std::array<Suffix, 33> kSuffixes = {{
    {"%", Unit::percent, 1},        {"percent", Unit::percent, 1},    {"ms", Unit::seconds, 1e-3},
    {"s", Unit::seconds, 1},        {"sec", Unit::seconds, 1},        {"secs", Unit::seconds, 1},
    {"second", Unit::seconds, 1},   {"seconds", Unit::seconds, 1},    {"m", Unit::seconds, 60},
    {"min", Unit::seconds, 60},     {"mins", Unit::seconds, 60},      {"minute", Unit::seconds, 60},
    {"minutes", Unit::seconds, 60}, {"h", Unit::seconds, 3600},       {"hr", Unit::seconds, 3600},
    {"hrs", Unit::seconds, 3600},   {"hour", Unit::seconds, 3600},    {"hours", Unit::seconds, 3600},
    {"d", Unit::seconds, 86400},    {"day", Unit::seconds, 86400},    {"days", Unit::seconds, 86400},
    {"w", Unit::seconds, 604800},   {"week", Unit::seconds, 604800},  {"weeks", Unit::seconds, 604800},
    {"B", Unit::bytes, 1},          {"kB", Unit::bytes, 1e3},         {"MB", Unit::bytes, 1e6},
    {"GB", Unit::bytes, 1e9},       {"TB", Unit::bytes, 1e12},        {"KiB", Unit::bytes, 1024},
    {"MiB", Unit::bytes, 1048576},  {"GiB", Unit::bytes, 1073741824}, {"TiB", Unit::bytes, 1099511627776},
}};

// How many of `natural` one of `unit` is; nullopt where they do not measure the same.
std::optional<double> Size(Unit unit, Unit natural) {
  switch (unit) {
    case Unit::percent:
      return natural == Unit::percent ? std::optional(1.0) : std::nullopt;
    case Unit::ratio:
      return natural == Unit::percent ? std::optional(100.0) : std::nullopt;
    case Unit::milliseconds:
      return natural == Unit::seconds ? std::optional(1e-3) : std::nullopt;
    case Unit::seconds:
      return natural == Unit::seconds ? std::optional(1.0) : std::nullopt;
    case Unit::minutes:
      return natural == Unit::seconds ? std::optional(60.0) : std::nullopt;
    case Unit::hours:
      return natural == Unit::seconds ? std::optional(3600.0) : std::nullopt;
    case Unit::days:
      return natural == Unit::seconds ? std::optional(86400.0) : std::nullopt;
    case Unit::bytes:
      return natural == Unit::bytes ? std::optional(1.0) : std::nullopt;
    case Unit::none:
      return std::nullopt;
  }
  return std::nullopt;
}

// What a person meant: 2.3 % is 0.023, not 0.022999999999999996.
double Tidy(double value) { return base::ParseFloat(fmt::format("{:.15g}", value)).value_or(value); }

std::string BareText(double value, std::string_view number, Unit unit) {
  switch (unit) {
    case Unit::none:
      return std::string(number);
    case Unit::percent:
      return fmt::format("{}%", number);
    case Unit::ratio:
      return fmt::format("{}%", base::FormatFloat(Tidy(value * 100)));
    case Unit::milliseconds:
      return fmt::format("{}ms", number);
    case Unit::seconds:
      return fmt::format("{}s", number);
    case Unit::minutes:
      return fmt::format("{}m", number);
    case Unit::hours:
      return fmt::format("{}h", number);
    case Unit::days:
      return fmt::format("{}d", number);
    case Unit::bytes:
      return fmt::format("{}B", number);
  }
  return std::string(number);
}

bool Meets(const Limit& limit, double value) {
  switch (limit.comparison) {
    case Comparison::above:
      return value > limit.value;
    case Comparison::at_least:
      return value >= limit.value;
    case Comparison::below:
      return value < limit.value;
    case Comparison::at_most:
      return value <= limit.value;
    case Comparison::equal:
      return value == limit.value;
    case Comparison::not_equal:
      return value != limit.value;
  }
  return false;
}

bool Inclusive(const Limit& limit) {
  return limit.comparison == Comparison::at_least || limit.comparison == Comparison::at_most;
}

base::Result<WrittenLimit> ParseWritten(std::string_view text, std::optional<Comparison> bare) {
  WrittenLimit written;
  std::string_view rest = base::Trim(text);
  bool compared = false;
  for (const auto& [sign, comparison] : kComparisons) {
    if (!compared && rest.starts_with(sign)) {
      written.comparison = comparison;
      rest = base::Trim(rest.substr(sign.size()));
      compared = true;
    }
  }
  if (!compared && !bare) {
    return base::Invalid(
        fmt::format("expected a comparison and a number, as in \"> 3\" or \"< 1.5 %\", not {}", base::Quote(text)));
  }
  if (!compared) written.comparison = *bare;
  written.bare = !compared;

  size_t end = rest.find_first_not_of("+-0123456789.eE");
  // "5e" of "5ever" is no exponent
  while (end != std::string_view::npos && end > 0 && (rest[end - 1] == 'e' || rest[end - 1] == 'E')) --end;
  written.number = rest.substr(0, end);
  if (!base::ParseFloat(written.number)) {
    return base::Invalid(
        fmt::format("expected a number{} in {}", compared ? " after the comparison" : "", base::Quote(text)));
  }
  if (end == std::string_view::npos) return written;
  written.suffix = base::Trim(rest.substr(end));
  for (const Suffix& known : kSuffixes) {
    if (known.word != written.suffix) continue;
    written.natural = known.natural;
    written.factor = known.factor;
    return written;
  }
  // compound durations: 1h30m
  if (const auto duration = base::ParseDuration(rest); duration && written.suffix != "y") {
    written.natural = Unit::seconds;
    written.suffix.clear();
    written.number = rest;
    written.factor = base::ToSeconds(*duration);
    return written;
  }
  return base::Invalid(
      fmt::format("unknown unit {} in {}; known are %, ms, s, m, h, d, w, B, kB, MB, GB, TB, KiB, "
                  "MiB, GiB, TiB",
                  base::Quote(written.suffix), base::Quote(text)));
}

}  // namespace

std::string_view ToString(Comparison comparison) {
  for (const auto& [text, value] : kComparisons) {
    if (value == comparison) return text;
  }
  return "";
}

std::string_view ToString(Unit unit) {
  for (const UnitName& known : kUnits) {
    if (known.unit == unit) return known.name;
  }
  return "";
}

base::Result<Unit> ParseUnit(std::string_view text) {
  for (const UnitName& known : kUnits) {
    if (known.name == text) return known.unit;
  }
  std::vector<std::string_view> names;
  for (const UnitName& known : kUnits) names.push_back(known.name);
  const auto near = base::DidYouMean(text, names);
  return base::Invalid(fmt::format(
      "unknown unit {}{}; units are none, percent, ratio, milliseconds, seconds, minutes, hours, days, bytes",
      base::Quote(text), near ? fmt::format(" (did you mean {}?)", base::Quote(*near)) : ""));
}

int Direction(Comparison comparison) {
  switch (comparison) {
    case Comparison::above:
    case Comparison::at_least:
      return 1;
    case Comparison::below:
    case Comparison::at_most:
      return -1;
    case Comparison::equal:
    case Comparison::not_equal:
      return 0;
  }
  return 0;
}

base::Result<WrittenLimit> ParseLimit(std::string_view text, bool bare_means_equal) {
  return ParseWritten(text, bare_means_equal ? std::optional(Comparison::equal) : std::nullopt);
}

base::Result<WrittenLimit> ParseLimit(std::string_view text, Comparison bare) { return ParseWritten(text, bare); }

base::Result<Limit> ConvertLimit(const WrittenLimit& written, Unit unit) {
  Limit limit{.comparison = written.comparison, .value = 0, .text = {}};
  const double number = base::ParseFloat(written.number).value_or(1);  // a compound duration is all factor
  std::string shown = written.number + written.suffix;
  if (!written.natural) {
    limit.value = number;
    shown = BareText(limit.value, written.number, unit);
  } else if (const auto size = Size(unit, *written.natural)) {
    limit.value = Tidy(number * written.factor / *size);
  } else {
    return base::Invalid(
        fmt::format("{} cannot be compared with a value whose unit is {}", base::Quote(shown), ToString(unit)));
  }
  limit.text = fmt::format("{} {}", ToString(written.comparison), shown);
  return limit;
}

bool Overlap(const Limit& a, const Limit& b) {
  const int side_a = Direction(a.comparison);
  const int side_b = Direction(b.comparison);
  if (a.comparison == Comparison::equal) return Meets(b, a.value);
  if (b.comparison == Comparison::equal) return Meets(a, b.value);
  // != excludes one point only, so it meets everything that has more than that point
  if (side_a == 0 || side_b == 0 || side_a == side_b) return true;
  const Limit& lower = side_a > 0 ? a : b;
  const Limit& upper = side_a > 0 ? b : a;
  return lower.value < upper.value || (lower.value == upper.value && Inclusive(lower) && Inclusive(upper));
}

bool Unreachable(const Limit& limit, double least, double most) {
  switch (limit.comparison) {
    case Comparison::above:
      return limit.value >= most;
    case Comparison::at_least:
      return limit.value > most;
    case Comparison::below:
      return limit.value <= least;
    case Comparison::at_most:
      return limit.value < least;
    case Comparison::equal:
      return limit.value < least || limit.value > most;
    case Comparison::not_equal:
      return false;
  }
  return false;
}

bool StrictlyWithin(const Limit& narrow, const Limit& wide) {
  const int side = Direction(narrow.comparison);
  if (narrow.comparison == Comparison::equal) {
    return Meets(wide, narrow.value) && wide.comparison != Comparison::equal;
  }
  if (wide.comparison == Comparison::not_equal) return side != 0 && !Meets(narrow, wide.value);
  if (side == 0 || side != Direction(wide.comparison)) return false;
  if (narrow.value == wide.value) return Inclusive(wide) && !Inclusive(narrow);
  return side > 0 ? narrow.value > wide.value : narrow.value < wide.value;
}

}  // namespace rules
