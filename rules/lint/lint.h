#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "promql/ast.h"
#include "rules/rule.h"

// Looks for what is probably not meant in rules that load: alerts that can never fire, metrics nobody exposes, limits
// that contradict each other. Pure. A lint speaks up only where something is certain from the rules and from what it is
// told of the world; where it is not told, it is silent.

namespace rules {

// The metrics there are, as far as anybody knows.
struct KnownMetrics {
  std::set<std::string, std::less<>> names;  // of series: request_seconds_bucket, not request_seconds
  // Whether there are no others. If not, only names that begin with one of `prefixes` are judged.
  bool complete = true;
  std::vector<std::string> prefixes;
};

// What is known beside the rules themselves. What is left out is not judged.
struct LintKnowledge {
  std::optional<KnownMetrics> metrics;
  std::optional<base::Duration> scrape_interval;        // the shortest of any target
  std::map<std::string, base::Duration> job_intervals;  // of the jobs of which it is known
  std::optional<base::Duration> retention;              // how long samples are kept
  base::Duration evaluation_interval{60'000};           // of groups that don't say
  std::map<std::string, base::Duration> recorded;       // series that other rules record, and how often
};

struct LintFinding {
  std::string_view lint;  // the name of the row in Lints()
  std::string group;
  std::string rule;
  base::SourcePosition where;
  std::string text;

  // file:line:col: rule: text [lint]
  std::string ToString() const;
};

// What a lint works with.
class LintRun {
 public:
  // `rules` and `knowledge` outlive it; the recorded series of `rules` are added to what is known.
  LintRun(std::span<const RuleGroup> groups, const LintKnowledge& knowledge);

  std::span<const RuleGroup> groups() const { return groups_; }
  const LintKnowledge& knowledge() const { return knowledge_; }
  // How often a series is written that rules record; nullopt for others.
  std::optional<base::Duration> RecordedEvery(const std::string& metric) const;
  std::vector<std::string_view> recorded_names() const;

  void ForEachRule(const std::function<void(const RuleGroup&, const Rule&)>& visit) const;

  // A finding at the rule, or at a place of its expression.
  void Find(const RuleGroup& group, const Rule& rule, std::string text);
  void Find(const RuleGroup& group, const Rule& rule, const promql::SourceRange& range, std::string text);

 private:
  friend std::vector<LintFinding> RunLints(std::span<const RuleGroup>, const LintKnowledge&,
                                           std::span<const std::string_view>);
  std::span<const RuleGroup> groups_;
  const LintKnowledge& knowledge_;
  std::map<std::string, base::Duration> recorded_;
  std::string_view lint_;  // the one at work
  std::vector<LintFinding> findings_;
};

// Which words ask for a lint, beside its name.
enum class LintLevel : uint8_t {
  usual,       // `default` and `all`: the rule does not do what it says
  all,         // `all`: it does, and shows people less than it means to
  convention,  // none: a house rule of some
};

struct Lint {
  std::string_view name;
  std::string_view help;
  LintLevel level;
  void (*look)(LintRun& run);
};
// In the order in which documentation lists them.
std::span<const Lint> Lints();

// The lints that a list of words asks for: their names, `default`, `all`, `none`. Unknown words get a proposal.
base::Result<std::vector<std::string_view>> ChooseLints(std::span<const std::string> words);

// In the order of files and lines; each once.
std::vector<LintFinding> RunLints(std::span<const RuleGroup> groups, const LintKnowledge& knowledge,
                                  std::span<const std::string_view> lints);

// The rows of the table: one function each, in the file that says what it is about.
void LintDuplicateRules(LintRun& run);
void LintNeverFires(LintRun& run);
void LintDeadPart(LintRun& run);
void LintAlwaysFires(LintRun& run);
void LintUnknownMetric(LintRun& run);
void LintUnknownLabel(LintRun& run);
void LintLimits(LintRun& run);
void LintShortRange(LintRun& run);
void LintRetention(LintRun& run);
void LintSeverity(LintRun& run);
void LintRunbook(LintRun& run);

}  // namespace rules
