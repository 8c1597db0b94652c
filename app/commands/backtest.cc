#include "app/commands/backtest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "app/commands/api_client.h"
#include "app/commands/backtest_report.h"
#include "base/clock.h"
#include "base/database.h"
#include "base/net/http_client.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/backtest/backtest_limit.h"
#include "rules/backtest/backtest_source.h"
#include "rules/remote/datasource.h"
#include "rules/rule_file.h"
#include "store/durable.h"
#include "store/head.h"

namespace app {
namespace {

constexpr base::Duration kDefaultInterval = std::chrono::minutes(1);  // of rules, as in global.evaluation_interval
constexpr base::Duration kDefaultSince = std::chrono::hours(24 * 7);

constexpr size_t kMostBytes = 1UL << 30;  // of one answer of a server

// Whatever parses may be tried.
constexpr promql::ParseOptions kParse{
    .experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};

struct Options {
  std::optional<base::Timestamp> start;
  std::optional<base::Timestamp> end;
  std::optional<base::Duration> since;
  std::optional<base::Duration> step;
  std::optional<base::Duration> hold;
  std::optional<base::Duration> keep_firing_for;
  base::Duration flap{0};
  promql::EngineOptions engine;
  bool json = false;
};

// A rule to be replayed, and the group it stands in.
struct Chosen {
  std::string title;
  rules::Rule rule;
  const rules::RuleGroup* group = nullptr;  // null for --expr
};

base::Result<std::optional<base::Duration>> ReadDuration(const Invocation& invocation, std::string_view flag) {
  const std::string& text = invocation.Get(flag);
  if (text.empty()) return std::nullopt;
  const auto duration = base::ParseDuration(text);
  if (!duration) return base::Invalid(fmt::format("--{}: {}", flag, duration.error().message));
  return *duration;
}

base::Result<std::optional<base::Timestamp>> ReadTime(const Invocation& invocation, std::string_view flag) {
  const std::string& text = invocation.Get(flag);
  if (text.empty()) return std::nullopt;
  if (const auto seconds = base::ParseFloat(text)) return base::TimestampFromSeconds(*seconds);
  const auto time = base::ParseRfc3339(text);
  if (!time) return base::Invalid(fmt::format("--{}: {}", flag, time.error().message));
  return *time;
}

base::Result<Options> ReadOptions(const Invocation& invocation) {
  Options options;
  TRY(options.start, ReadTime(invocation, "start"));
  TRY(options.end, ReadTime(invocation, "end"));
  TRY(options.since, ReadDuration(invocation, "since"));
  TRY(options.step, ReadDuration(invocation, "step"));
  TRY(options.hold, ReadDuration(invocation, "for"));
  TRY(options.keep_firing_for, ReadDuration(invocation, "keep-firing-for"));
  TRY(const auto flap, ReadDuration(invocation, "flap"));
  options.flap = flap.value_or(base::Duration(0));
  TRY(const auto lookback, ReadDuration(invocation, "query.lookback-delta"));
  options.engine.lookback = lookback.value_or(options.engine.lookback);
  options.engine.parse = kParse;
  if (options.start && options.since) return base::Invalid("--start or --since, not both");
  if (options.start && options.end && *options.end < *options.start) return base::Invalid("--end is before --start");
  if (options.step && options.step->count() <= 0) return base::Invalid("--step must be more than 0");
  const std::string& format = invocation.Get("format");
  if (format != "text" && format != "json") {
    return base::Invalid(fmt::format("--format is text or json, not \"{}\"", format));
  }
  options.json = format == "json";
  return options;
}

// "PAR_90 critical": what tells rules of one name apart.
std::string TitleOf(const rules::Rule& rule) {
  std::string title = rule.name;
  for (const char* const name : {"severity", "condition"}) {
    const auto label = rule.labels.find(name);
    if (label == rule.labels.end()) continue;
    title += ' ';
    title += label->second;
  }
  return title;
}

// `--rule`: a name, or a name with label matchers in braces.
base::Result<std::vector<base::Matcher>> RuleMatchers(const std::string& text) {
  if (text.find('{') != std::string::npos) return promql::ParseSelector(text);
  TRY(base::Matcher name, base::Matcher::Make(base::MatchType::equal, std::string(base::kMetricName), text));
  return std::vector{std::move(name)};
}

bool Matches(const std::vector<base::Matcher>& matchers, const rules::Rule& rule) {
  return std::ranges::all_of(matchers, [&](const base::Matcher& matcher) {
    if (matcher.name() == base::kMetricName) return matcher.Matches(rule.name);
    const auto label = rule.labels.find(matcher.name());
    return matcher.Matches(label == rule.labels.end() ? "" : label->second);
  });
}

// The alerting rules that are asked for; all where no name is given.
base::Result<std::vector<Chosen>> ChooseRules(const std::string& wanted, const rules::RuleSet& set) {
  std::vector<base::Matcher> matchers;
  if (!wanted.empty()) {
    TRY(matchers, RuleMatchers(wanted));
  }
  std::vector<Chosen> chosen;
  std::string known;
  for (const rules::RuleGroup& group : set.groups) {
    for (const rules::Rule& rule : group.rules) {
      if (rule.kind != rules::RuleKind::alerting) continue;
      known += fmt::format("{}{}", known.empty() ? "" : ", ", TitleOf(rule));
      if (Matches(matchers, rule)) chosen.push_back({TitleOf(rule), rule, &group});
    }
  }
  if (chosen.empty()) {
    return base::Invalid(known.empty() ? "there is no alerting rule in the files"
                                       : fmt::format("no alerting rule is {}; there are {}", wanted, known));
  }
  return chosen;
}

// Candidates are for one rule: of a threshold's, the critical limit.
base::Result<Chosen> OneRule(std::vector<Chosen> chosen) {
  if (chosen.size() > 1) {
    std::string titles;
    for (const Chosen& one : chosen) titles += fmt::format("{}{}", titles.empty() ? "" : ", ", one.title);
    std::erase_if(chosen, [](const Chosen& one) {
      const auto severity = one.rule.labels.find("severity");
      return severity == one.rule.labels.end() || severity->second != "critical" ||
             one.rule.labels.contains("condition") || rules::DecidingComparison(*one.rule.parsed) == nullptr;
    });
    if (chosen.size() != 1) {
      return base::Invalid(fmt::format(
          "--candidate is for one rule, and these are several: {}; --rule 'NAME{{severity=\"…\"}}' names one", titles));
    }
  }
  return std::move(chosen.front());
}

base::Result<std::vector<Chosen>> WithCandidates(std::vector<Chosen> chosen,
                                                 const std::vector<std::string>& candidates) {
  if (candidates.empty()) return chosen;
  TRY(const Chosen one, OneRule(std::move(chosen)));
  const rules::Unit unit = one.group == nullptr ? rules::Unit::none : rules::UnitOf(*one.group);
  std::vector<Chosen> limited;
  for (const std::string& candidate : candidates) {
    TRY(const rules::LimitedExpression expression, rules::WithLimit(*one.rule.parsed, candidate, unit));
    Chosen& next = limited.emplace_back(one);
    next.title = expression.limit;
    next.rule.parsed = expression.expr;
    next.rule.expression = promql::ToString(*expression.expr);
  }
  return limited;
}

base::Result<Chosen> FromExpression(const std::string& text) {
  const auto parsed = promql::Parse(text, kParse);
  if (!parsed) return base::Invalid(fmt::format("--expr: {}", promql::ErrorText(parsed.error())));
  Chosen chosen;
  chosen.rule.expression = text;
  chosen.rule.parsed = *parsed;
  chosen.title = promql::ToString(**parsed);
  return chosen;
}

// `set` is kept by the caller: what is chosen points into it.
base::Result<std::vector<Chosen>> Choose(const Invocation& invocation, const Options& options, rules::RuleSet& set) {
  const std::string& expression = invocation.Get("expr");
  const std::vector<std::string>& files = invocation.arguments();
  if (expression.empty() == files.empty()) return base::Invalid("needs --expr, or rule files");
  std::vector<Chosen> chosen;
  if (!expression.empty()) {
    if (!invocation.Get("rule").empty()) return base::Invalid("--expr or --rule, not both");
    TRY(Chosen one, FromExpression(expression));
    chosen.push_back(std::move(one));
  } else {
    base::YamlErrors errors;
    set = rules::LoadRuleFiles(files, {.parse = kParse}, errors);
    if (!errors.empty()) return base::Invalid(std::string(base::Trim(errors.ToString())));
    TRY(chosen, ChooseRules(invocation.Get("rule"), set));
  }
  TRY(chosen, WithCandidates(std::move(chosen), invocation.GetAll("candidate")));
  for (Chosen& one : chosen) {
    if (options.hold) one.rule.hold = *options.hold;
    if (options.keep_firing_for) one.rule.keep_firing_for = *options.keep_firing_for;
  }
  return chosen;
}

// How often live rules are evaluated: the shortest of the groups' intervals.
base::Duration StepOf(const std::vector<Chosen>& chosen, const Options& options) {
  if (options.step) return *options.step;
  std::optional<base::Duration> shortest;
  for (const Chosen& one : chosen) {
    const base::Duration interval =
        one.group == nullptr ? kDefaultInterval : one.group->interval.value_or(kDefaultInterval);
    shortest = std::min(shortest.value_or(interval), interval);
  }
  return shortest.value_or(kDefaultInterval);
}

base::Timestamp Aligned(base::Timestamp time, base::Duration step) {
  return time - (time.time_since_epoch() % step + step) % step;
}

// What is asked for, on multiples of the step where no instant is given, and no further than `kept` reaches.
store::TimeRange SpanOf(const Options& options, base::Duration step, base::Timestamp now,
                        const std::optional<store::TimeRange>& kept) {
  base::Timestamp end = options.end.value_or(Aligned(now, step));
  if (!options.end && kept) end = std::min(end, Aligned(kept->max, step));
  base::Timestamp start = options.start.value_or(end - options.since.value_or(kDefaultSince));
  if (!options.start) start = Aligned(start, step);
  if (!options.start && kept) start = std::max(start, Aligned(kept->min, step));
  return {std::min(start, end), end};
}

// Stored samples, or a server: what answers for one rule.
class History {
 public:
  static base::Result<std::unique_ptr<History>> Open(const Invocation& invocation,
                                                     const promql::EngineOptions& options) {
    std::unique_ptr<History> history(new History(options));
    const std::string& url = invocation.Get("url");
    if (!url.empty()) {
      const std::string problem = rules::UrlProblem(url);
      if (!problem.empty()) return base::Invalid("--url: " + problem);
      rules::DatasourceConfig config{.url = url, .timeout = std::chrono::minutes(2)};
      TRY(config.http, ReadHttpConfig(invocation));
      history->client_ = base::HttpClient::Start(fmt::format("tocsin/{}", TOCSIN_VERSION));
      history->source_ = std::make_unique<rules::RemoteDatasource>(
          std::move(config), rules::RemoteDatasource::Parts{
                                 .client = *history->client_, .clock = history->clock_, .most_bytes = kMostBytes});
      return history;
    }
    std::filesystem::path path = invocation.Get("storage.path");
    if (!std::filesystem::is_regular_file(path)) path /= "tocsin.db";
    TRY(const auto database, base::Database::OpenReadOnly(path.string()));
    TRY_VOID(store::Durable::Read(*database, history->head_));
    history->source_ = std::make_unique<rules::LocalDatasource>(history->engine_, history->head_);
    return history;
  }

  std::optional<store::TimeRange> Kept() const { return client_ ? std::nullopt : head_.Stats().times; }

  // What the rule's recording rules would have given is worked out first where the samples are at hand.
  base::Result<std::vector<rules::HeldSeries>> Held(const Chosen& chosen, const rules::RuleSet& set,
                                                    const rules::Evaluations& evaluations) const {
    std::vector<const rules::Rule*> recorded;
    if (chosen.group != nullptr) recorded = rules::RecordedFor(chosen.rule, *chosen.group, set);
    if (recorded.empty()) return rules::Held(*source_, *chosen.rule.parsed, evaluations);
    if (client_) {
      fmt::print(stderr, "tocsin backtest: {} reads {}: the server must have recorded it\n", chosen.title,
                 recorded.front()->name);
      return rules::Held(*source_, *chosen.rule.parsed, evaluations);
    }
    store::Head records({.retention = base::Duration(0)});
    std::vector<std::string> names;
    for (const rules::Rule* const rule : recorded) names.push_back(rule->name);
    const rules::RecordedQuerier both(head_, records, names);
    const rules::LocalDatasource source(engine_, both);
    TRY_VOID(rules::RecordHistory(recorded, source, SinceKept(evaluations), records));
    return rules::Held(source, *chosen.rule.parsed, evaluations);
  }

 private:
  explicit History(const promql::EngineOptions& options) : engine_(options), head_({.retention = base::Duration(0)}) {}

  // On the same instants, from the first stored sample on: a rule may look far back on what was recorded.
  rules::Evaluations SinceKept(rules::Evaluations evaluations) const {
    const auto kept = Kept();
    if (!kept || kept->min >= evaluations.first) return evaluations;
    const auto more = (evaluations.first - kept->min) / evaluations.step;
    evaluations.first -= evaluations.step * more;
    evaluations.count += static_cast<size_t>(more);
    return evaluations;
  }

  const base::SystemClock clock_;
  const promql::Engine engine_;
  store::Head head_;
  std::unique_ptr<base::HttpClient> client_;
  std::unique_ptr<rules::Datasource> source_;
};

base::Result<BacktestCandidate> Replay(const Chosen& chosen, const rules::RuleSet& set, const History& history,
                                       store::TimeRange range, base::Duration step) {
  const rules::AlertPolicy policy{.hold = chosen.rule.hold, .keep_firing_for = chosen.rule.keep_firing_for};
  const auto span = rules::ReplaySpan::Make(range.min, range.max, step, policy);
  const base::Duration offset =
      chosen.group == nullptr ? base::Duration(0) : chosen.group->query_offset.value_or(base::Duration(0));
  TRY(auto held, history.Held(chosen, set, {.first = span.first - offset, .step = step, .count = span.Count()}));
  TRY(const auto alerts, rules::AsAlerts(chosen.rule, std::move(held)));
  BacktestCandidate candidate{.title = chosen.title, .rule = chosen.rule, .span = span, .alerts = {}};
  const bool low = rules::LowIsWorse(*chosen.rule.parsed);
  for (const rules::HeldSeries& one : alerts) candidate.alerts.push_back(rules::ReplayAlert(one, span, policy, low));
  return candidate;
}

int Fail(const base::Error& error, int code) {
  fmt::print(stderr, "tocsin backtest: {}\n", error.ToString());
  return code;
}

}  // namespace

int BacktestCommand(const Invocation& invocation) {
  const auto options = ReadOptions(invocation);
  if (!options) return Fail(options.error(), kUsage);
  rules::RuleSet set;
  const auto chosen = Choose(invocation, *options, set);
  if (!chosen) return Fail(chosen.error(), kUsage);
  const auto history = History::Open(invocation, options->engine);
  if (!history) return Fail(history.error(), kFailed);
  const auto kept = (*history)->Kept();
  if (invocation.Get("url").empty() && !kept)
    return Fail({base::ErrorCode::not_found, "no samples are kept", {}}, kFailed);
  const base::Duration step = StepOf(*chosen, *options);
  const store::TimeRange range = SpanOf(*options, step, base::SystemClock().Now(), kept);
  if (options->start && range.max < *options->start) {
    return Fail(base::Invalid(fmt::format("--start is after {}, the last instant there is anything for",
                                          base::FormatRfc3339(range.max)))
                    .error(),
                kUsage);
  }
  BacktestReport report{.flap = options->flap, .candidates = {}};
  for (const Chosen& one : *chosen) {
    auto candidate = Replay(one, set, **history, range, step);
    if (candidate) {
      report.candidates.push_back(*std::move(candidate));
      continue;
    }
    base::Error error = candidate.error();
    if (chosen->size() > 1) error.message.insert(0, one.title + ": ");
    Fail(error, kFailed);
    // what is wrong with one rule is no reason to know nothing of the others; a server that is gone is
    if (error.code == base::ErrorCode::unavailable) return kFailed;
  }
  if (report.candidates.empty()) return kFailed;
  fmt::print("{}", options->json ? BacktestJson(report) : FormatBacktest(report));
  return report.candidates.size() == chosen->size() ? kOk : kFailed;
}

std::vector<Flag> BacktestFlags() {
  return {
      {"expr", "PROMQL", "", "The expression to replay, as of an alerting rule.", false},
      {"rule", "NAME", "",
       "Which rule of the files: a name, or 'NAME{severity=\"warning\"}'. All alerting rules where there is none.",
       false},
      {"candidate", "LIMIT", "",
       "Another limit to try in place of the expression's, or of the threshold's critical one: '> 3', or 3 to keep the "
       "operator.",
       true},
      {"for", "DURATION", "", "In place of the rule's `for`.", false},
      {"keep-firing-for", "DURATION", "", "In place of the rule's `keep_firing_for`.", false},
      {"storage.path", "FOLDER", "data/",
       "Where a tocsin keeps its samples, whether it runs or not; they are only read.", false},
      {"url", "URL", "", "A server with Prometheus' HTTP API to ask instead: http://prometheus:9090.", false},
      HttpConfigFlag(),
      {"since", "DURATION", "", "How far back from the end; 7d, or as far as samples are kept.", false},
      {"start", "TIME", "", "The first instant, in RFC 3339 or Unix seconds.", false},
      {"end", "TIME", "", "The last instant; now, or that of the newest kept sample.", false},
      {"step", "DURATION", "", "How often it is evaluated; the interval of the rule's group, or 1m.", false},
      {"flap", "DURATION", "5m", "A firing shorter than this counts as a flap.", false},
      {"query.lookback-delta", "DURATION", "5m", "How old the newest stored sample of a series may be to count.",
       false},
      {"format", "FORMAT", "text", "text or json.", false, {"text", "json"}},
  };
}

}  // namespace app
