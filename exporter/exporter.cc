#include "exporter/exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "exporter/collectors/collectors.h"
#include "exporter/target_runner.h"

namespace exporter {
namespace {

MetricFamily UpFamily(std::string name, std::string help) {
  return {std::move(name), MetricType::gauge, std::move(help), "", "", {}};
}

// Queries end a little earlier than the scrape, so that it can still tell how they ended.
SteadyTime RunDeadline(SteadyTime deadline) {
  const auto now = std::chrono::steady_clock::now();
  return deadline - std::max(deadline - now, SteadyTime::duration::zero()) / 20;
}

class RealExporter : public Exporter {
 public:
  RealExporter(bool several_targets, ExporterOptions options)
      : metrics_(several_targets), several_targets_(several_targets), options_(std::move(options)) {}

  void Add(std::unique_ptr<Target> target, std::vector<std::unique_ptr<Collector>> collectors,
           const base::Clock& clock) {
    runners_.push_back(std::make_unique<TargetRunner>(std::move(target), std::move(collectors), clock, metrics_));
  }

  Page Collect(SteadyTime deadline) override {
    std::vector<uint64_t> runs;
    for (const auto& runner : runners_) runs.push_back(runner->Start(RunDeadline(deadline)));
    Page page;
    MetricFamily pg_up = UpFamily("pg_up", "Whether the PostgreSQL server could be reached.");
    MetricFamily target_up = UpFamily("tocsin_target_up", "Whether the target could be reached.");
    MetricFamily lost = UpFamily("tocsin_collector_metric_lost",
                                 "1 for each metric that is missing or incomplete on this page because its collector "
                                 "failed; absent while all is well.");
    MetricFamily check_success =
        UpFamily("tocsin_connect_check_success", "Whether the last new connection was let in.");
    MetricFamily check_duration =
        UpFamily("tocsin_connect_check_duration_seconds", "How long the last new connection took.");
    for (size_t i = 0; i < runners_.size(); ++i) {
      runners_[i]->Wait(runs[i], deadline);
      const TargetRunner::Snapshot snapshot = runners_[i]->Take(runs[i]);
      for (const auto& outcome : snapshot.outcomes) page.parts.emplace_back(outcome, &outcome->families);
      const std::string labels = TargetLabels(runners_[i]->target());
      if (runners_[i]->target().dialect() == Dialect::postgres) AddSample(pg_up, labels, snapshot.up ? 1 : 0);
      AddSample(target_up, labels, snapshot.up ? 1 : 0);
      AddLost(runners_[i]->target(), snapshot.lost, lost);
      if (!snapshot.connect_check) continue;
      AddSample(check_success, labels, snapshot.connect_check->success ? 1 : 0);
      AddSample(check_duration, labels, snapshot.connect_check->duration.count());
    }
    MetricFamilies own = metrics_.Collect();
    for (MetricFamily* family : {&pg_up, &target_up, &check_success, &check_duration})
      own.push_back(std::move(*family));
    if (!lost.samples.empty()) own.push_back(std::move(lost));
    page.parts.push_back(std::make_shared<const MetricFamilies>(std::move(own)));
    for (const auto& source : options_.sources) page.parts.push_back(std::make_shared<const MetricFamilies>(source()));
    return page;
  }

  std::string CollectText(SteadyTime deadline, ExpositionFormat format) override {
    ExpositionReport report;
    std::string text = Collect(deadline).Text(format, &report);
    metrics_.RecordClashes(report.duplicates, report.conflicts);
    return text;
  }

  void Stop() override {
    stopped_ = true;
    for (const auto& runner : runners_) runner->Stop();
  }
  bool stopped() const override { return stopped_; }

  std::vector<std::string> collector_names() const override {
    std::vector<std::string> names;
    for (const auto& runner : runners_) {
      for (std::string& name : runner->collector_names()) names.push_back(std::move(name));
    }
    return names;
  }

  base::Result<CollectorReport> Probe(std::string_view collector, SteadyTime deadline) override {
    for (const auto& runner : runners_) {
      const std::vector<std::string> names = runner->collector_names();
      if (std::find(names.begin(), names.end(), collector) == names.end()) continue;
      const uint64_t run = runner->Start(RunDeadline(deadline));
      runner->Wait(run, deadline);
      const TargetRunner::Snapshot snapshot = runner->Take(run);
      if (!snapshot.up && !snapshot.unreachable.message.empty()) {
        return base::Unavailable(fmt::format("cannot reach the database: {} ({})", snapshot.unreachable.message,
                                             ToString(snapshot.unreachable.failure)));
      }
      const std::shared_ptr<const CollectorOutcome> outcome = runner->Outcome(collector);
      if (std::find(snapshot.outcomes.begin(), snapshot.outcomes.end(), outcome) == snapshot.outcomes.end() ||
          outcome == nullptr) {
        return base::Fail(base::ErrorCode::timeout, fmt::format("collector {} did not end in time", collector));
      }
      Page page;
      page.parts.emplace_back(outcome, &outcome->families);
      return CollectorReport{page.Text(ExpositionFormat::text), outcome->dropped, outcome->errors,
                             outcome->duration.count()};
    }
    return base::Fail(base::ErrorCode::not_found, fmt::format("no collector \"{}\"", collector));
  }

 private:
  void AddLost(const Target& target, const std::map<std::string, std::vector<std::string>>& lost,
               MetricFamily& family) const {
    for (const auto& [collector, metrics] : lost) {
      for (const std::string& metric : metrics) {
        AddSample(family, TargetLabels(target, {{"collector", collector}, {"metric", metric}}), 1);
      }
    }
  }

  std::string TargetLabels(const Target& target, std::map<std::string, std::string> more = {}) const {
    std::map<std::string, std::string> labels = target.config().labels;
    if (several_targets_) labels.emplace("target", target.name());
    labels.merge(more);
    std::string text;
    for (const auto& [name, value] : labels) AppendLabel(text, 0, name, value);
    return text;
  }

  SelfMetrics metrics_;
  const bool several_targets_;
  const ExporterOptions options_;
  std::atomic<bool> stopped_ = false;
  std::vector<std::unique_ptr<TargetRunner>> runners_;  // the last member: their threads use the others
};

}  // namespace

std::string Page::Text(ExpositionFormat format, ExpositionReport* report) const {
  std::vector<const MetricFamily*> families;
  for (const auto& part : parts) {
    for (const MetricFamily& family : *part) families.push_back(&family);
  }
  return WriteExposition(families, format, report);
}

base::Result<std::unique_ptr<Exporter>> Exporter::Create(const ExporterConfig& config, const base::Clock& clock,
                                                         ExporterOptions options) {
  std::vector<std::unique_ptr<Target>> targets;
  for (const TargetConfig& target_config : config.targets) {
    base::Result<std::unique_ptr<Target>> target = Target::Create(target_config);
    if (!target) return base::Invalid(fmt::format("target {}: {}", target_config.name, target.error().message));
    targets.push_back(std::move(*target));
  }
  std::vector<BoundCollector> collectors = MakeCollectors(config);
  for (const BoundCollector& bound : collectors) {
    const auto named = [&](const TargetConfig& target) { return target.name == bound.target; };
    if (std::none_of(config.targets.begin(), config.targets.end(), named)) {
      return base::Invalid(fmt::format("collector {}: no target \"{}\"", bound.collector->name(), bound.target));
    }
  }
  auto exporter = std::make_unique<RealExporter>(targets.size() > 1, std::move(options));
  for (std::unique_ptr<Target>& target : targets) {
    std::vector<std::unique_ptr<Collector>> own;
    for (BoundCollector& bound : collectors) {
      if (bound.target == target->name()) own.push_back(std::move(bound.collector));
    }
    // a moved-from collector belongs to an earlier target and is met no more
    std::erase_if(collectors, [](const BoundCollector& bound) { return bound.collector == nullptr; });
    exporter->Add(std::move(target), std::move(own), clock);
  }
  return exporter;
}

}  // namespace exporter
