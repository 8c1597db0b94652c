#include "rules/threshold/threshold_limits.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace rules {
namespace {

std::string NumberText(double number, Unit unit) {
  WrittenLimit written;
  written.number = base::FormatFloat(number);
  const auto limit = ConvertLimit(written, unit);
  return limit ? limit->text.substr(limit->text.find(' ') + 1) : written.number;
}

}  // namespace

std::optional<WrittenLimit> LimitReader::Parse(const YamlText& text, Role role) {
  if (!text.given) return std::nullopt;
  auto written = rules_.bare_means_above && role != kTarget ? ParseLimit(text.text, Comparison::above)
                                                            : ParseLimit(text.text, role == kTarget);
  if (!written) {
    Complain(text, written.error().message);
    return std::nullopt;
  }
  if (role != kTarget) ++(written->bare ? bare_ : compared_);
  return *std::move(written);
}

std::optional<Unit> LimitReader::FindUnit(const YamlText& text, const Written& written) {
  if (text.given) {
    const auto unit = ParseUnit(text.text);
    if (!unit) {
      Complain(text, unit.error().message);
      return std::nullopt;
    }
    if (rules_.unit != Unit::none && *unit != rules_.unit) {
      Complain(text, fmt::format("the unit of {} is always {}; limits may still be written in other units",
                                 rules_.measure, ToString(rules_.unit)));
      return std::nullopt;
    }
    return *unit;
  }
  if (rules_.unit != Unit::none) return rules_.unit;
  for (const auto& limit : written) {
    if (limit && limit->natural) return limit->natural;
  }
  return Unit::none;
}

std::string LimitReader::PercentMeant(const WrittenLimit& written, const Limit& limit) const {
  // a change may well be by more than its whole, though hardly by ten times that
  const double most = rules_.bare_means_above ? 10 : 1;
  if (unit_ != Unit::ratio || written.natural || std::abs(limit.value) <= most) return "";
  return fmt::format("{}{}%", written.bare ? "" : fmt::format("{} ", ToString(written.comparison)), written.number);
}

std::optional<Limit> LimitReader::Convert(const YamlText& text, const WrittenLimit& written) {
  auto limit = ConvertLimit(written, unit_);
  if (!limit) {
    Complain(text, limit.error().message);
    return std::nullopt;
  }
  const std::string meant = PercentMeant(written, *limit);
  if (Unreachable(*limit, rules_.least, rules_.most)) {
    Complain(text, fmt::format("{} is never reached: the value is always from {} to {}{}", limit->text,
                               NumberText(rules_.least, unit_), NumberText(rules_.most, unit_),
                               meant.empty() ? "" : fmt::format("; write \"{}\"", meant)));
    return std::nullopt;
  }
  if (!meant.empty()) {
    errors_.AddWarning({base::ErrorCode::invalid_argument,
                        fmt::format("{}: \"{}\" of a ratio is {}%; if {}% is meant, write \"{}\"", text.path, text.text,
                                    base::FormatFloat(limit->value * 100), written.number, meant),
                        text.where});
  }
  if (written.bare && rules_.bare_means_above && limit->value <= 0) {
    Complain(text, "a change in either direction is more than 0");
    return std::nullopt;
  }
  return *std::move(limit);
}

Limits LimitReader::Read(const YamlText& unit_text, const WrittenLimits& texts) {
  const Texts all = {&texts.target, &texts.warning, &texts.critical};
  Written written;
  for (const Role role : {kTarget, kWarning, kCritical}) written[role] = Parse(*all[role], role);
  const auto unit = FindUnit(unit_text, written);
  good_ = unit.has_value();
  if (!good_) return {};
  unit_ = *unit;
  for (const Role role : {kTarget, kWarning, kCritical}) {
    if (!written[role]) continue;
    own_[role] = Convert(*all[role], *written[role]);
    comparisons_[role] = written[role]->comparison;
  }
  if (bare_ > 0 && compared_ > 0) {
    Complain(texts.critical, "warning and critical must both be a number alone, or both have a comparison");
  }
  CheckAgreement(all, own_);
  return {.target = own_[kTarget], .warning = own_[kWarning], .critical = own_[kCritical]};
}

void LimitReader::ParseOverride(const YamlText& text, Role role, std::optional<Limit>& limit) {
  if (!text.given) return;
  limit.reset();
  if (text.text == "none") return;
  // a number alone compares as the threshold does, in the other severity if this one has no limit there
  auto as = comparisons_[role];
  if (!as && role != kTarget) as = comparisons_[role == kWarning ? kCritical : kWarning];
  const auto written = as ? ParseLimit(text.text, *as) : ParseLimit(text.text);
  if (!written) return Complain(text, written.error().message);
  if (comparisons_[role] && *comparisons_[role] != written->comparison) {
    return Complain(text, fmt::format("compares with {} where the threshold's {} compares with {}",
                                      ToString(written->comparison), kNames[role], ToString(*comparisons_[role])));
  }
  comparisons_[role] = written->comparison;
  limit = Convert(text, *written);
}

Limits LimitReader::ReadOverride(const WrittenLimits& texts) {
  if (!good_) return {};
  const Texts all = {&texts.target, &texts.warning, &texts.critical};
  Values limits = own_;
  const YamlText* first = nullptr;
  for (const Role role : {kTarget, kWarning, kCritical}) {
    if (all[role]->given && first == nullptr) first = all[role];
    ParseOverride(*all[role], role, limits[role]);
  }
  if (first == nullptr) return {};
  // what is inherited has no place of its own here
  Texts places;
  for (const Role role : {kTarget, kWarning, kCritical}) places[role] = all[role]->given ? all[role] : first;
  CheckAgreement(places, limits);
  return {.target = limits[kTarget], .warning = limits[kWarning], .critical = limits[kCritical]};
}

void LimitReader::CheckAgreement(const Texts& texts, const Values& limits) {
  for (const Role role : {kWarning, kCritical}) {
    if (!limits[kTarget] || !limits[role] || !Overlap(*limits[kTarget], *limits[role])) continue;
    Complain(*texts[kTarget], fmt::format("a value can be on target ({}) and {} ({}) at once", limits[kTarget]->text,
                                          kNames[role], limits[role]->text));
  }
  for (const Role role : {kWarning, kCritical}) {
    if (rules_.one_sided && limits[role] && Direction(limits[role]->comparison) == 0) {
      Complain(*texts[role], "`by` needs limits with > or <, which tell the worst of several series");
    }
  }
  if (limits[kWarning] && limits[kCritical]) CheckOrder(texts, *limits[kWarning], *limits[kCritical]);
}

void LimitReader::CheckOrder(const Texts& texts, const Limit& warning, const Limit& critical) {
  const int side = Direction(warning.comparison);
  const int other = Direction(critical.comparison);
  if (side != 0 && other != 0 && side != other) {
    Complain(*texts[kCritical],
             fmt::format("critical ({}) and warning ({}) point in different directions", critical.text, warning.text));
  } else if (side != 0 && side == other && !StrictlyWithin(critical, warning)) {
    Complain(*texts[kWarning],
             fmt::format("warning ({}) is never reached before critical ({})", warning.text, critical.text));
  }
}

}  // namespace rules
