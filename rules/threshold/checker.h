#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/threshold/threshold.h"
#include "rules/threshold/threshold_form.h"
#include "rules/threshold/threshold_limits.h"

// Included by this folder's .cc files alone.

namespace rules {

// Checks one threshold and turns it into its checked form. Mistakes go to the reader's errors. Borrows all it is given.
class ThresholdChecker {
 public:
  ThresholdChecker(const base::YamlReader& in, const WrittenThreshold& written, const ThresholdOptions& options)
      : in_(in), written_(written), options_(options) {}

  // What it says, as far as it could be read; not to be used after a mistake.
  Threshold Check();

 private:
  void Complain(const YamlText& at, std::string_view message) { rules::Complain(in_.errors(), at, message); }

  // What is measured: check_source.cc
  void CheckSource();
  void CheckValue(const YamlText& source);
  bool IsScalar() const;
  // What a person meant: 0.001, not 0.0010000000000000009.
  static double Tidy(double value);
  void CheckRatio();
  void CheckChange();
  void CheckSlo();
  void CheckObjective(const YamlText& text);
  promql::ExprPtr Parse(const YamlText& text);
  promql::ExprPtr ParseNumbers(const YamlText& text);
  // With a reason it must be a selector, because its rate is taken.
  promql::ExprPtr CheckCounter(const YamlText& text, std::string_view reason);
  base::Duration ReadDuration(const YamlText& text);
  void TakeInnerBy(const std::vector<YamlText>& by, std::string_view key);
  void TakeBy(const std::vector<YamlText>& by);

  // Everything else: checker.cc
  void CheckName();
  void CheckLabels();
  void CheckLabelName(const YamlText& at, const std::string& name);
  // What the kind of value says of its limits.
  LimitRules RulesOfLimits() const;
  // Those of a change may stand within it.
  WrittenLimits TextsOfLimits();
  void CheckLimits();
  // The objective is where an slo should be; what alerts is how fast it is missed.
  void SetSloLimits();
  void CheckOverride(const WrittenOverride& written, LimitReader& reader);
  std::optional<base::Matcher> CheckMatcher(const std::string& name, const YamlText& text);
  void CheckMissing();

  const base::YamlReader& in_;
  const WrittenThreshold& written_;
  const ThresholdOptions& options_;
  Threshold out_;
  bool known_ = true;  // what is measured, so that complaints about it make sense
};

}  // namespace rules
