#include "app/commands/test_promql.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "app/command_line.h"
#include "base/file.h"
#include "promql/classic_to_custom.h"
#include "promql/engine.h"
#include "promql/parser.h"
#include "promql/script.h"
#include "promql/script_check.h"
#include "promql/stored_hint.h"
#include "store/head.h"

namespace app {
namespace {

using Complaint = std::optional<std::string>;

// When each sample's counter began, which a Head does not keep.
using StartTimes = std::map<base::Labels, std::map<base::Timestamp, base::Timestamp>>;

class SeriesWithStarts : public store::Series {
 public:
  SeriesWithStarts(std::shared_ptr<const store::Series> series,
                   std::shared_ptr<const std::map<base::Timestamp, base::Timestamp>> starts)
      : series_(std::move(series)), starts_(std::move(starts)) {}

  base::Labels labels() const override { return series_->labels(); }
  std::string_view Label(std::string_view name) const override { return series_->Label(name); }
  void Read(store::TimeRange range, store::Samples& out) const override {
    const size_t first = out.size();
    series_->Read(range, out);
    out.start_times.resize(first);
    for (size_t i = first; i < out.size(); ++i) {
      const auto at = starts_->find(out.times[i]);
      out.start_times.push_back(at == starts_->end() ? base::Timestamp() : at->second);
    }
  }

 private:
  std::shared_ptr<const store::Series> series_;
  std::shared_ptr<const std::map<base::Timestamp, base::Timestamp>> starts_;
};

// A store for one script: a Head, and the start times beside it.
class ScriptStore : public store::Querier {
 public:
  using SeriesList = std::vector<std::shared_ptr<const store::Series>>;

  base::Result<void> Load(const promql::LoadCommand& load) {
    const auto appender = head_.NewAppender();
    for (size_t number = 0; number < load.series.size(); ++number) {
      const promql::LoadCommand::Series& series = load.series[number];
      // of a series that is written twice the last counts
      const auto later = std::span(load.series).subspan(number + 1);
      if (std::ranges::any_of(later, [&](const auto& l) { return l.noted.labels == series.noted.labels; })) continue;
      base::Timestamp time;
      for (size_t i = 0; i < series.noted.values.size(); ++i, time += load.interval) {
        const promql::NotedValue& value = series.noted.values[i];
        if (value.omitted) continue;
        const store::HistogramPtr histogram = promql::WithStoredHint(previous_[series.noted.labels], value.histogram);
        previous_[series.noted.labels] = histogram;
        TRY_VOID(Append(*appender, series.noted.labels, time, value.value, histogram));
        if (!series.starts.empty() && series.starts[i]) starts_[series.noted.labels][time] = time + *series.starts[i];
      }
    }
    if (load.with_custom_buckets) {
      TRY(const auto converted, promql::ToCustomBuckets(load));
      for (const promql::CustomSeries& series : converted) {
        for (const auto& [time, sample] : series.samples) {
          const store::HistogramPtr histogram = promql::WithStoredHint(previous_[series.labels], sample);
          previous_[series.labels] = histogram;
          TRY_VOID(Append(*appender, series.labels, time, 0, histogram));
        }
      }
    }
    return appender->Commit();
  }

  base::Result<SeriesList> Select(std::span<const base::Matcher> matchers, store::TimeRange range) const override {
    TRY(SeriesList list, head_.Select(matchers, range));
    for (auto& series : list) {
      const auto at = starts_.find(series->labels());
      if (at == starts_.end()) continue;
      auto starts = std::make_shared<const std::map<base::Timestamp, base::Timestamp>>(at->second);
      series = std::make_shared<const SeriesWithStarts>(series, std::move(starts));
    }
    return list;
  }
  base::Result<std::vector<std::string>> LabelNames(std::span<const base::Matcher> matchers,
                                                    store::TimeRange range) const override {
    return head_.LabelNames(matchers, range);
  }
  base::Result<std::vector<std::string>> LabelValues(const std::string& name, std::span<const base::Matcher> matchers,
                                                     store::TimeRange range) const override {
    return head_.LabelValues(name, matchers, range);
  }

 private:
  static base::Result<void> Append(store::Appender& appender, const base::Labels& labels, base::Timestamp time,
                                   double value, const store::HistogramPtr& histogram) {
    const store::Appended appended = histogram
                                         ? appender.AppendHistogram(store::SeriesRef::none, labels, time, histogram)
                                         : appender.Append(store::SeriesRef::none, labels, time, value);
    if (appended.status == store::AppendStatus::ok) return {};
    return base::Invalid(
        fmt::format("cannot load a sample of {} at {} ms", labels.ToString(), time.time_since_epoch().count()));
  }

  store::Head head_;
  StartTimes starts_;
  std::map<base::Labels, store::HistogramPtr> previous_;  // each series' last sample, if it was a histogram
};

// Runs the commands of one script in their order.
class ScriptRun {
 public:
  ScriptReport Run(std::string_view script) {
    const auto commands = promql::ParseScript(script);
    if (!commands) {
      Fail(commands.error().where ? commands.error().where->line : 0, commands.error().message);
      return std::move(report_);
    }
    for (const promql::ScriptCommand& command : *commands) {
      std::visit([this](const auto& one) { Do(one); }, command);
    }
    return std::move(report_);
  }

 private:
  void Do(const promql::ClearCommand&) { store_ = std::make_unique<ScriptStore>(); }
  void Do(const promql::LoadCommand& load) {
    if (const auto loaded = store_->Load(load); !loaded) Fail(0, loaded.error().message);
  }
  void Do(const promql::EvalCommand& eval) {
    const Complaint complaint = eval.range ? CheckRange(eval) : CheckInstant(eval);
    if (!complaint) {
      ++report_.passed;
    } else {
      Fail(eval.line, fmt::format("{}: {}", eval.text, *complaint));
    }
  }

  void Fail(int line, std::string message) {
    ++report_.failed;
    report_.failures.push_back({line, std::move(message)});
  }

  Complaint CheckRange(const promql::EvalCommand& eval) const {
    return CheckResult(eval, engine_.Range(*eval.expr, eval.start, eval.end, eval.step, *store_));
  }

  Complaint CheckInstant(const promql::EvalCommand& eval) const {
    if (Complaint complaint = CheckVariant(eval, {eval.expr, eval.instant})) return complaint;
    for (const promql::EvalVariant& variant : promql::AtVariants(eval)) {
      if (!variant.expr) return "does not parse again once printed";
      if (Complaint complaint = CheckVariant(eval, variant)) {
        return fmt::format("{} (asked as {} at {})", *complaint, promql::ToString(*variant.expr),
                           variant.time.time_since_epoch().count());
      }
    }
    return std::nullopt;
  }

  Complaint CheckVariant(const promql::EvalCommand& eval, const promql::EvalVariant& variant) const {
    const auto result = engine_.Instant(*variant.expr, variant.time, *store_);
    if (Complaint complaint = CheckResult(eval, result)) return complaint;
    if (!result || eval.range_vector || eval.string || promql::DependsOnQuery(*variant.expr)) return std::nullopt;
    constexpr auto kAround = std::chrono::minutes(1);
    const auto range = engine_.Range(*variant.expr, variant.time - kAround, variant.time + kAround, kAround, *store_);
    if (!range) return "as a range query: " + range.error().message;
    if (eval.ordered) return std::nullopt;
    const promql::ValueType type = promql::TypeOf(*variant.expr);
    const Complaint complaint = CheckValue(eval, promql::AtInstant(range->value, variant.time, type));
    return complaint ? Complaint("as a range query: " + *complaint) : std::nullopt;
  }

  promql::Engine engine_{promql::ScriptEngineOptions()};
  std::unique_ptr<ScriptStore> store_ = std::make_unique<ScriptStore>();
  ScriptReport report_;
};

}  // namespace

ScriptReport RunPromqlScript(std::string_view script) { return ScriptRun().Run(script); }

std::string FormatScriptReport(std::string_view file, const ScriptReport& report) {
  std::string text;
  for (const ScriptFailure& failure : report.failures) {
    text += fmt::format("{}:{}: {}\n", file, failure.line, failure.message);
  }
  return text + fmt::format("{}: {} passed, {} failed\n", file, report.passed, report.failed);
}

int TestPromqlCommand(const Invocation& invocation) {
  ScriptReport all;
  for (const std::string& name : invocation.arguments()) {
    const auto script = base::ReadFileOrStream(name);
    if (!script) {
      fmt::print(stderr, "tocsin test promql: {}\n", script.error().message);
      return kUsage;
    }
    const ScriptReport report = RunPromqlScript(*script);
    fmt::print("{}", FormatScriptReport(name, report));
    all.passed += report.passed;
    all.failed += report.failed;
  }
  fmt::print("{} passed, {} failed\n", all.passed, all.failed);
  return all.failed == 0 ? kOk : kFailed;
}

}  // namespace app
