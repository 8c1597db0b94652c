#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time_zone.h"
#include "exporter/collectors/collector.h"

namespace exporter {

// The number a database's text stands for: decimals, NaN, infinities in any of their spellings, t/f and true/false as
// 1 and 0; nullopt for other text.
std::optional<double> ReadNumber(std::string_view text);

// Seconds since 1970 of a date or a time in ISO form: "2026-01-02", "2026-01-02 03:04:05.5",
// "2026-01-02T03:04:05+01:30". One without an offset is read in `zone`. nullopt for other text.
std::optional<double> ReadTime(std::string_view text, const base::TimeZone& zone);

struct RowOptions {
  std::string left_out{};  // QueryPlan::left_out
  base::TimeZone zone{};   // of values that are times without an offset
};

// Rows -> samples, by a list of metrics. A value is a number, or a time, which counts as seconds since 1970. Labels are
// written straight into the family they belong to. What is left out is counted in CollectorOutput::dropped by reason:
// null_value, not_a_number, bad_bucket, duplicate (the first row of a label set is kept), and the reasons that a column
// of the query gives. A metric that names a column the result lacks gives an error of its own; the others go on.
// `metrics` must outlive the mapper.
class RowMapper : public RowSink {
 public:
  RowMapper(const std::vector<MetricSpec>& metrics, const ConstantLabels& labels, CollectorOutput& out,
            RowOptions options = {});
  ~RowMapper() override;

  void Columns(std::span<const std::string> names) override;
  void Row(std::span<const Cell> cells) override;
  // After the last row: the families to the output; sorted, but for very big ones, which keep the order of the rows.
  void Finish();

 private:
  struct Label;
  struct Metric;
  struct Family;
  Family& FamilyFor(const MetricSpec& spec);
  bool FindColumns(const MetricSpec& spec, std::span<const std::string> names, Metric& metric);
  void AddValue(Metric& metric, std::span<const Cell> cells);
  void AddWideHistogram(Metric& metric, std::span<const Cell> cells);
  void AddBucketRow(Metric& metric, std::span<const Cell> cells);
  void FinishBucketRows(Metric& metric);
  std::optional<double> Number(const Metric& metric, std::span<const Cell> cells, size_t column);
  void AppendLabels(const Metric& metric, std::span<const Cell> cells, std::string& text);
  bool WriteLabels(Metric& metric, std::span<const Cell> cells);

  const std::vector<MetricSpec>& specs_;
  const ConstantLabels& constant_labels_;
  CollectorOutput& out_;
  const RowOptions options_;
  std::vector<std::string> names_;  // of the columns
  size_t left_out_column_ = static_cast<size_t>(-1);
  std::vector<std::unique_ptr<Family>> families_;
  std::vector<Metric> metrics_;
  std::vector<std::string_view> values_;  // of the row at hand
};

}  // namespace exporter
