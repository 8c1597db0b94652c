#include "tests/rules/world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parser.h"

namespace rules::testing {
namespace {

std::string Lines(std::vector<std::string> lines) {
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

base::Labels ParseSeries(std::string_view text) {
  base::LabelsBuilder labels;
  const auto matchers = promql::ParseSelector(text).value();
  for (const base::Matcher& matcher : matchers) labels.Set(matcher.name(), matcher.value());
  return labels.Build();
}

}  // namespace

World::World()
    : environment_{.engine = engine_,
                   .querier = head_,
                   .appendable = head_,
                   .sink = sink_,
                   .external_labels = {},
                   .external_url = "http://tocsin"} {}

ManagerOptions World::manager_options(prometheus::Registry* registry) {
  return {
      .clock = clock_, .engine = engine_, .querier = head_, .appendable = head_, .sink = sink_, .registry = registry};
}

void World::Put(std::string_view selector, double seconds, double value) {
  auto appender = head_.NewAppender();
  const auto appended = appender->Append(store::SeriesRef::none, ParseSeries(selector), At(seconds), value);
  EXPECT_EQ(appended.status, store::AppendStatus::ok) << selector << " at " << seconds;
  EXPECT_TRUE(appender->Commit());
}

RuleSet World::Load(std::string_view yaml) {
  base::YamlErrors errors;
  RuleSet set = ParseRuleFile(yaml, "f.yml", {}, errors);
  EXPECT_EQ(errors.ToString(), "");
  return set;
}

std::string World::Query(std::string_view expression, double seconds) const {
  const auto expr = promql::Parse(expression);
  if (!expr) return expr.error().ToString();
  const auto result = engine_.Instant(**expr, At(seconds), head_);
  if (!result) return result.error().ToString();
  std::vector<std::string> lines;
  for (const promql::VectorSample& sample : std::get<promql::Vector>(result->value)) {
    lines.push_back(fmt::format("{} {}", sample.labels.ToString(), base::FormatSampleValue(sample.value)));
  }
  return Lines(std::move(lines));
}

std::string World::Sent(double seconds) {
  std::vector<std::string> lines;
  for (const base::Alert& alert : sink_.Take()) {
    lines.push_back(fmt::format("{} {} since {} until {}", alert.ResolvedAt(At(seconds)) ? "resolved" : "firing",
                                alert.labels.ToString(), base::ToSeconds(alert.starts_at - kStart),
                                base::ToSeconds(alert.ends_at - kStart)));
  }
  return Lines(std::move(lines));
}

std::string Show(const GroupSnapshot& group) {
  std::vector<std::string> lines;
  for (const RuleSnapshot& rule : group.rules) {
    for (const ActiveAlert& alert : rule.alerts) {
      lines.push_back(fmt::format("{} {} {}", ToString(alert.status.state), alert.labels.ToString(),
                                  base::FormatFloat(alert.value)));
    }
    if (!rule.last_error.empty()) lines.push_back(fmt::format("{}: {}", rule.rule.name, rule.last_error));
  }
  return Lines(std::move(lines));
}

}  // namespace rules::testing
