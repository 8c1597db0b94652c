#pragma once

#include <memory>
#include <string>

#include "base/time.h"
#include "exporter/collectors/collector.h"
#include "exporter/metric_family.h"

namespace exporter {

// What one run of a collector came to.
struct CollectorOutcome {
  MetricFamilies families;
  std::map<std::string, uint64_t> dropped;
  std::map<std::string, std::string> dropped_columns;
  std::vector<QueryError> errors;
  std::chrono::duration<double> duration{0};
  base::Timestamp finished;  // by the wall clock
  SteadyTime finished_steady{};
  bool success() const { return errors.empty(); }
};

// How the exporter reports on itself, kept in a prometheus-cpp registry: tocsin_collector_success,
// _duration_seconds, _last_success_timestamp_seconds, _series, _dropped_rows_total{reason}, _errors_total{class}, and
// tocsin_target_errors_total{class}. Series carry the label target where there are several. Thread-safe.
class SelfMetrics {
 public:
  explicit SelfMetrics(bool several_targets);
  ~SelfMetrics();

  void Announce(const std::string& target, const std::string& collector);  // so that it shows before its first run
  void Record(const std::string& target, const std::string& collector, const CollectorOutcome& outcome);
  // It did not end in time or got no turn: a timeout; or its target could not be reached, which is the target's error.
  void RecordMissed(const std::string& target, const std::string& collector, bool target_up);
  void RecordTargetError(const std::string& target, FailureClass failure);
  // Series that exposition had to leave out.
  void RecordClashes(size_t duplicates, size_t conflicts);

  MetricFamilies Collect() const;

 private:
  struct Families;
  std::map<std::string, std::string> Labels(const std::string& target, const std::string& collector) const;
  const bool several_targets_;
  const std::unique_ptr<Families> families_;
};

}  // namespace exporter
