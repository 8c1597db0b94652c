#include "rules/unit_test/test_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <span>

#include "base/alert.h"
#include "base/template/format.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/environment.h"
#include "rules/group.h"

namespace rules {
namespace {

class NobodyListens : public base::AlertSink {
 public:
  void Send(std::span<const base::Alert>) override {}
};

int64_t Nanoseconds(base::Duration duration) { return std::chrono::nanoseconds(duration).count(); }

base::Labels ToLabels(const TextMap& map) {
  base::LabelsBuilder labels;
  for (const auto& [name, value] : map) labels.Set(name, value);
  return labels.Build();
}

promql::EngineOptions EngineOptionsOf(const UnitTestOptions& options) {
  promql::EngineOptions engine = options.engine;
  engine.no_step_subquery_interval = options.evaluation_interval;
  return engine;
}

std::vector<std::unique_ptr<Group>> OrderedGroups(const RuleSet& rules, const UnitTestOptions& options,
                                                  base::Duration interval) {
  std::vector<const RuleGroup*> order;
  for (const RuleGroup& group : rules.groups) order.push_back(&group);
  std::ranges::stable_sort(order, {}, [&](const RuleGroup* group) {
    const auto at = std::ranges::find(options.group_order, group->name, &YamlText::text);
    return at == options.group_order.end() ? 0 : 1 + (at - options.group_order.begin());
  });
  std::vector<std::unique_ptr<Group>> groups;
  for (const RuleGroup* group : order) {
    groups.push_back(std::make_unique<Group>(*group, GroupDefaults{.interval = interval}));
  }
  return groups;
}

base::Duration LastEvalTime(const UnitTest& test) {
  base::Duration last{0};
  for (const AlertTest& one : test.alert_tests) last = std::max(last, one.eval_time);
  for (const ExpressionTest& one : test.expression_tests) last = std::max(last, one.eval_time);
  return last;
}

base::Result<promql::Vector> AsVector(promql::Value value) {
  if (auto* vector = std::get_if<promql::Vector>(&value)) return std::move(*vector);
  if (const auto* scalar = std::get_if<promql::Scalar>(&value)) {
    return promql::Vector{{.labels = {}, .time = scalar->time, .value = scalar->value, .histogram = nullptr}};
  }
  return base::Invalid("rule result is not a vector or scalar");
}

base::Result<TestedSample> ParseExpected(const ExpectedSample& expected) {
  const auto fail = [&](std::string_view why) {
    return base::Invalid(fmt::format("labels {}: {}", base::Quote(expected.labels.text), why));
  };
  TestedSample sample{.labels = {}, .value = expected.value, .histogram = nullptr};
  if (!base::Trim(expected.labels.text).empty()) {
    std::string_view rest;
    auto labels = promql::ParseMetric(expected.labels.text, &rest);
    if (!labels) return fail(promql::ErrorText(labels.error()));
    if (!base::Trim(rest).empty()) return fail(fmt::format("unexpected {}", base::Quote(rest)));
    sample.labels = *std::move(labels);
  }
  if (expected.histogram.text.empty()) return sample;
  const auto values = promql::ParseNotedValues(expected.histogram.text);
  if (!values) return fail(promql::ErrorText(values.error()));
  if (values->size() != 1) return fail(fmt::format("expected 1 value, got {}", values->size()));
  if (!values->front().histogram) return fail("expected histogram, got float");
  sample.histogram = values->front().histogram;
  return sample;
}

// One test under way.
class UnitTestRun {
 public:
  UnitTestRun(const UnitTest& test, const RuleSet& rules, const UnitTestOptions& options, TestStore store)
      : test_(test),
        options_(options),
        store_(std::move(store)),
        hinted_(*store_.appendable),
        engine_(EngineOptionsOf(options)),
        environment_{.engine = engine_,
                     .querier = *store_.querier,
                     .appendable = hinted_,
                     .sink = sink_,
                     .external_labels = ToLabels(test.external_labels),
                     .external_url = test.external_url},
        groups_(OrderedGroups(rules, options, test.interval)) {}

  std::vector<std::string> Run() {
    auto input = TestInput::Parse(test_.input_series, test_.start, test_.interval);
    if (!input) {
      failures_.push_back(Named("    " + input.error().ToString()));
      return std::move(failures_);
    }
    const base::Duration last = LastEvalTime(test_);
    for (base::Duration at{0}; at <= last; at += options_.evaluation_interval) {
      if (!Step(*input, at)) return std::move(failures_);
      CheckAlertsFrom(at);
    }
    for (const ExpressionTest& one : test_.expression_tests) CheckExpression(one);
    return std::move(failures_);
  }

 private:
  std::string Named(std::string failure) const {
    return test_.name.empty() ? failure : fmt::format("    name: {},\n{}", test_.name, failure);
  }
  void Fail(const YamlText& at, std::string_view text) {
    failures_.push_back(
        Named(fmt::format("{}\n        at:  {}:{}:{}", text, at.where.file, at.where.line, at.where.column)));
  }

  bool Step(TestInput& input, base::Duration at) {
    const base::Timestamp now = test_.start + at;
    if (const auto stored = input.StoreUntil(now, hinted_); !stored) {
      failures_.push_back(Named("    " + stored.error().message));
      return false;
    }
    bool good = true;
    for (const auto& group : groups_) {
      const GroupOutcome outcome = group->Evaluate(now, environment_);
      for (size_t i = 0; i < outcome.rules.size(); ++i) {
        if (!outcome.rules[i].error) continue;
        good = false;
        failures_.push_back(
            Named(fmt::format("    rule: {}, time: {}, err: {}", group->definition().rules[i].name,
                              base::GoPrintDuration(Nanoseconds(at)), outcome.rules[i].error->message)));
      }
    }
    return good;
  }

  // The alert tests whose instant lies between this evaluation and the next.
  void CheckAlertsFrom(base::Duration at) {
    std::vector<const AlertTest*> due;
    for (const AlertTest& one : test_.alert_tests) {
      if (one.eval_time >= at && one.eval_time < at + options_.evaluation_interval) due.push_back(&one);
    }
    if (due.empty()) return;
    std::ranges::stable_sort(due, {}, &AlertTest::eval_time);
    std::vector<GroupSnapshot> snapshots;
    for (const auto& group : groups_) snapshots.push_back(group->Snapshot());
    for (const AlertTest* one : due) CheckAlerts(*one, snapshots);
  }

  void CheckAlerts(const AlertTest& test, const std::vector<GroupSnapshot>& groups) {
    std::vector<TestedAlert> expected;
    for (const ExpectedAlert& alert : test.alerts) {
      expected.push_back({alert.labels, alert.annotations});
      expected.back().labels["alertname"] = test.alertname.text;
    }
    const auto mismatch = CompareAlerts(std::move(expected), Firing(test.alertname.text, groups), options_.diff);
    if (!mismatch) return;
    Fail(test.alertname, fmt::format("    alertname: {}, time: {},\n{}", test.alertname.text,
                                     base::FormatDuration(test.eval_time), *mismatch));
  }

  static std::vector<TestedAlert> Firing(const std::string& name, const std::vector<GroupSnapshot>& groups) {
    std::vector<TestedAlert> firing;
    for (const GroupSnapshot& group : groups) {
      for (const RuleSnapshot& rule : group.rules) {
        if (rule.rule.kind != RuleKind::alerting || rule.rule.name != name) continue;
        for (const ActiveAlert& alert : rule.alerts) {
          if (alert.status.state != AlertState::firing) continue;
          TestedAlert& one = firing.emplace_back();
          for (const base::Label& label : alert.labels) one.labels.emplace(label.name, label.value);
          for (const auto& [annotation, text] : rule.rule.annotations) {
            one.annotations.emplace(annotation, alert.annotations.Get(annotation));
          }
        }
      }
    }
    return firing;
  }

  void CheckExpression(const ExpressionTest& test) {
    const std::string heading =
        fmt::format("    expr: {}, time: {},", base::Quote(test.expr.text), base::FormatDuration(test.eval_time));
    auto found = Ask(test);
    if (!found) return Fail(test.expr, fmt::format("{} err: {}", heading, found.error().message));
    std::vector<TestedSample> expected;
    for (const ExpectedSample& one : test.samples) {
      auto sample = ParseExpected(one);
      if (!sample) {
        const YamlText& at = one.labels.given ? one.labels : (one.histogram.given ? one.histogram : test.expr);
        return Fail(at, fmt::format("{} err: {}", heading, sample.error().message));
      }
      expected.push_back(*std::move(sample));
    }
    const auto mismatch = CompareSamples(std::move(expected), *std::move(found), options_.nearness, options_.diff);
    if (mismatch) Fail(test.expr, fmt::format("{}\n{}", heading, *mismatch));
  }

  base::Result<std::vector<TestedSample>> Ask(const ExpressionTest& test) const {
    const auto expr = promql::Parse(test.expr.text, options_.engine.parse);
    if (!expr) return base::Invalid(promql::ErrorText(expr.error()));
    TRY(promql::QueryResult answer, engine_.Instant(**expr, test_.start + test.eval_time, *store_.querier));
    TRY(promql::Vector vector, AsVector(std::move(answer.value)));
    std::vector<TestedSample> found;
    for (promql::VectorSample& sample : vector) {
      found.push_back({std::move(sample.labels), sample.value, std::move(sample.histogram)});
    }
    return found;
  }

  const UnitTest& test_;
  const UnitTestOptions& options_;
  const TestStore store_;
  HintedAppendable hinted_;
  const promql::Engine engine_;
  NobodyListens sink_;
  const Environment environment_;
  const std::vector<std::unique_ptr<Group>> groups_;
  std::vector<std::string> failures_;
};

}  // namespace

std::vector<std::string> RunUnitTest(const UnitTest& test, const RuleSet& rules, const UnitTestOptions& options,
                                     const MakeTestStore& make_store) {
  return UnitTestRun(test, rules, options, make_store()).Run();
}

}  // namespace rules
