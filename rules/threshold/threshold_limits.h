#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string_view>

#include "base/yaml/yaml.h"
#include "rules/threshold/limit.h"
#include "rules/threshold/threshold_form.h"

namespace rules {

// What the limits of a kind of value may be.
struct LimitRules {
  std::string_view measure;                                 // "a ratio", where its unit is fixed
  Unit unit = Unit::none;                                   // the fixed one
  bool bare_means_above = false;                            // a number alone is a limit as well
  bool one_sided = false;                                   // the worst of several values must be known
  double least = -std::numeric_limits<double>::infinity();  // values beyond do not occur
  double most = std::numeric_limits<double>::infinity();
};

// Reads the limits of one threshold: their texts, the unit they share, whether they agree with each other. Mistakes go
// to `errors`, which outlive it.
class LimitReader {
 public:
  LimitReader(const LimitRules& rules, base::YamlErrors& errors) : rules_(rules), errors_(errors) {}

  // The threshold's own, first; the unit is as told, else by the kind of value, else by the first limit that says so.
  Limits Read(const YamlText& unit_text, const WrittenLimits& texts);
  Unit unit() const { return unit_; }

  // Those of an override: what it leaves out is the threshold's.
  Limits ReadOverride(const WrittenLimits& texts);

  // Whether warning and critical were all given as numbers alone.
  bool all_bare() const { return bare_ > 0 && compared_ == 0; }

 private:
  enum Role : uint8_t { kTarget, kWarning, kCritical };
  static constexpr std::array<std::string_view, 3> kNames = {"target", "warning", "critical"};
  using Texts = std::array<const YamlText*, 3>;
  using Written = std::array<std::optional<WrittenLimit>, 3>;
  using Values = std::array<std::optional<Limit>, 3>;

  void Complain(const YamlText& at, std::string_view message) { rules::Complain(errors_, at, message); }
  std::optional<Unit> FindUnit(const YamlText& text, const Written& written);
  std::optional<WrittenLimit> Parse(const YamlText& text, Role role);
  void ParseOverride(const YamlText& text, Role role, std::optional<Limit>& limit);
  std::optional<Limit> Convert(const YamlText& text, const WrittenLimit& written);
  // The limit with the "%" that was probably forgotten; "" where it was not.
  std::string PercentMeant(const WrittenLimit& written, const Limit& limit) const;
  void CheckAgreement(const Texts& texts, const Values& limits);
  void CheckOrder(const Texts& texts, const Limit& warning, const Limit& critical);

  const LimitRules& rules_;
  base::YamlErrors& errors_;
  bool good_ = true;  // the unit is known
  Unit unit_ = Unit::none;
  int bare_ = 0;
  int compared_ = 0;
  Values own_;
  std::array<std::optional<Comparison>, 3> comparisons_;  // of each limit, once one is known
};

}  // namespace rules
