#include "rules/threshold/active_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "base/time_zone.h"
#include "rules/threshold/local_time.h"

namespace rules {
namespace {

constexpr int kDay = 24 * 60;
constexpr std::array<std::string_view, 7> kDays = {"sunday",   "monday", "tuesday", "wednesday",
                                                   "thursday", "friday", "saturday"};

// A list, or one text that stands for a list of one.
struct OneOrMore {
  std::vector<YamlText> texts;
};
bool ReadYaml(const base::YamlReader& in, OneOrMore& out) {
  if (in.node().kind == base::YamlNode::Kind::scalar) return ReadYaml(in, out.texts.emplace_back());
  return base::ReadYaml(in, out.texts);
}

struct Form {
  OneOrMore days;
  OneOrMore hours;
  YamlText time_zone;
  OneOrMore severities;
};

const base::YamlSchema<Form>& Schema() {
  static const base::YamlSchema<Form> schema({
      base::Optional("days", "word or list of words", "[]", &Form::days,
                     "Days and ranges of days: mon, tuesday, mon-fri, sat-sun. Left out: every day."),
      base::Optional("hours", "word or list of words", "[]", &Form::hours,
                     "Times of the day, the second one excluded: \"08:00-18:00\", \"22:00-06:00\" (into the next day). "
                     "Left out: the whole day."),
      base::Optional("time_zone", "string", "UTC", &Form::time_zone,
                     "UTC, a fixed offset such as \"+02:00\", or the name of a zone: Europe/Berlin."),
      base::Optional("severities", "word or list of words", "[warning, critical]", &Form::severities,
                     "Which alerts keep to these times; the others are raised at any time."),
  });
  return schema;
}

std::optional<size_t> DayOf(std::string_view text) {
  const std::string name = base::ToLower(base::Trim(text));
  for (size_t day = 0; day < kDays.size(); ++day) {
    if (name.size() >= 3 && kDays[day].starts_with(name)) return day;
  }
  return std::nullopt;
}

// "mon" or "mon-fri"; ranges may run over the end of the week.
bool AddDays(std::string_view text, std::bitset<7>& days) {
  const std::vector<std::string_view> ends = base::Split(text, '-');
  const auto first = DayOf(ends.front());
  const auto last = DayOf(ends.back());
  if (!first || !last || ends.size() > 2) return false;
  for (size_t day = *first; day != *last; day = (day + 1) % 7) days.set(day);
  days.set(*last);
  return true;
}

// "8", "08:00", "24:00" as minutes.
std::optional<int> MinuteOf(std::string_view text) {
  const std::vector<std::string_view> parts = base::Split(base::Trim(text), ':');
  const auto hour = base::ParseInteger(parts[0]);
  const auto minute = parts.size() == 2 ? base::ParseInteger(parts[1]) : std::optional(0LL);
  if (!hour || !minute || parts.size() > 2 || *hour < 0 || *minute < 0 || *minute > 59) return std::nullopt;
  const long long total = *hour * 60 + *minute;
  return total > kDay ? std::nullopt : std::optional(static_cast<int>(total));
}

std::optional<DaySpan> SpanOf(std::string_view text) {
  const std::vector<std::string_view> ends = base::Split(text, '-');
  if (ends.size() != 2) return std::nullopt;
  const auto begin = MinuteOf(ends[0]);
  const auto end = MinuteOf(ends[1]);
  if (!begin || !end || *begin == *end || *begin == kDay) return std::nullopt;
  return DaySpan{.begin = *begin, .end = *end == 0 ? kDay : *end};
}

// "+02:00", "-5", "UTC+05:30"; nullopt for what is no offset.
std::optional<int> OffsetOf(std::string_view text) {
  for (const std::string_view utc : {"UTC", "GMT"}) {
    if (text.starts_with(utc)) text.remove_prefix(utc.size());
  }
  if (text.empty() || text == "Z") return 0;
  const bool negative = text.front() == '-';
  if (!negative && text.front() != '+') return std::nullopt;
  const auto minutes = MinuteOf(text.substr(1));
  if (!minutes || *minutes > 14 * 60) return std::nullopt;
  return negative ? -*minutes : *minutes;
}

const base::Timestamp kFrom{
    std::chrono::days(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1).time_since_epoch())};

// The offset a place has all year round, in twelve years at a stretch.
std::optional<int> FixedOffset(const base::TimeZone& zone) {
  const auto offset_at = [&](int days) { return zone.At(kFrom + std::chrono::days(days)).offset_seconds; };
  const int first = offset_at(0);
  for (int days = 0; days < 12 * 366; days += 7) {
    if (offset_at(days) != first) return std::nullopt;
  }
  return first % 60 == 0 ? std::optional(first / 60) : std::nullopt;
}

void ReadTimeZone(const YamlText& text, ActiveTimes& times, base::YamlErrors& errors) {
  if (!text.given) return;
  if (const auto offset = OffsetOf(base::Trim(text.text))) {
    times.offset_minutes = *offset;
    return;
  }
  const auto zone = base::TimeZone::Load(text.text);
  if (!zone) {
    Complain(
        errors, text,
        fmt::format("expected UTC, an offset such as \"+02:00\" or the name of a time zone: {}", zone.error().message));
    return;
  }
  if (const auto offset = FixedOffset(*zone)) {
    times.offset_minutes = *offset;
    return;
  }
  const auto turns = zone->TurnsFrom(kFrom);
  const auto local_time = turns ? LocalTimeExpression(*turns) : std::nullopt;
  if (!local_time) {
    Complain(errors, text,
             fmt::format("the clocks of {} change by no yearly rule, which PromQL cannot follow; give a fixed offset "
                         "such as \"+01:00\"",
                         text.text));
    return;
  }
  times.zone = text.text;
  times.local_time = *local_time;
}

// Runs of days as conditions: Monday to Friday is ">= 1 <= 5".
std::string DaysExpression(const std::bitset<7>& days, const std::string& time) {
  std::vector<std::string> runs;
  for (size_t first = 0; first < 7; ++first) {
    if (!days.test(first)) continue;
    size_t last = first;
    while (last + 1 < 7 && days.test(last + 1)) ++last;
    runs.push_back(first == last ? fmt::format("day_of_week({}) == {}", time, first)
                                 : fmt::format("day_of_week({}) >= {} <= {}", time, first, last));
    first = last;
  }
  return runs.size() == 1 ? runs.front() : fmt::format("({})", base::Join(runs, " or "));
}

// From `begin` until before `end`, both of the same day; "" for the whole of it.
std::string HoursExpression(int begin, int end, const std::string& time) {
  const bool whole = begin % 60 == 0 && end % 60 == 0;
  std::string out = whole ? fmt::format("hour({})", time) : fmt::format("hour({}) * 60 + minute({})", time, time);
  const int unit = whole ? 60 : 1;
  if (begin == 0 && end == kDay) return "";
  if (begin > 0) out += fmt::format(" >= {}", begin / unit);
  if (end < kDay) out += fmt::format(" < {}", end / unit);
  return out;
}

std::bitset<7> DayAfter(const std::bitset<7>& days) { return (days << 1) | (days >> 6); }

}  // namespace

bool ReadYaml(const base::YamlReader& in, WrittenActive& out) {
  Form form;
  const bool good = Schema().Read(in, form);
  out = {.days = std::move(form.days.texts),
         .hours = std::move(form.hours.texts),
         .time_zone = std::move(form.time_zone),
         .severities = std::move(form.severities.texts),
         .whole = {.text = {}, .where = in.node().where, .path = in.path(), .given = true}};
  return good;
}

const std::vector<base::FieldHelp>& ActiveHelp() { return Schema().help(); }

std::optional<ActiveTimes> CheckActive(const WrittenActive& written, base::YamlErrors& errors) {
  const size_t before = errors.errors().size();
  ActiveTimes times;
  for (const YamlText& text : written.days) {
    if (!AddDays(text.text, times.days)) {
      Complain(errors, text, fmt::format("expected a day or a range such as mon-fri, not {}", base::Quote(text.text)));
    }
  }
  for (const YamlText& text : written.hours) {
    if (const auto span = SpanOf(text.text)) {
      times.spans.push_back(*span);
    } else {
      Complain(errors, text, fmt::format("expected hours such as \"08:00-18:00\", not {}", base::Quote(text.text)));
    }
  }
  if (!written.severities.empty()) times.severities.reset();
  for (const YamlText& text : written.severities) {
    if (text.text != "warning" && text.text != "critical") {
      Complain(errors, text, fmt::format("expected warning or critical, found {}", base::Quote(text.text)));
    }
    times.severities.set(static_cast<size_t>(text.text == "critical" ? Severity::critical : Severity::warning));
  }
  ReadTimeZone(written.time_zone, times, errors);
  if (errors.errors().size() != before) return std::nullopt;
  if (times.days.none()) times.days.set();
  if (times.spans.empty()) times.spans.emplace_back();
  if (times.days.all() && std::ranges::find(times.spans, DaySpan{}) != times.spans.end()) {
    Complain(errors, written.whole, "says nothing: these are all times; give days or hours, or leave it out");
    return std::nullopt;
  }
  return times;
}

std::string ActiveExpression(const ActiveTimes& times, const std::string& local_time) {
  const int seconds = times.offset_minutes * 60;
  std::string time =
      seconds == 0 ? ""
                   : fmt::format("vector(time() {} {})", seconds < 0 ? '-' : '+', seconds < 0 ? -seconds : seconds);
  if (!times.local_time.empty()) time = local_time;
  std::vector<std::string> terms;
  const auto add = [&](const std::bitset<7>& days, int begin, int end) {
    std::vector<std::string> conditions;
    if (!days.all()) conditions.push_back(DaysExpression(days, time));
    if (std::string hours = HoursExpression(begin, end, time); !hours.empty()) conditions.push_back(std::move(hours));
    terms.push_back(base::Join(conditions, " and "));
  };
  for (const DaySpan& span : times.spans) {
    if (span.begin < span.end) {
      add(times.days, span.begin, span.end);
    } else {
      add(times.days, span.begin, kDay);
      add(DayAfter(times.days), 0, span.end);
    }
  }
  return base::Join(terms, " or ");
}

}  // namespace rules
