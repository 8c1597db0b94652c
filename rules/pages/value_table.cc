#include "rules/pages/value_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/histogram_math.h"
#include "rules/pages/page_parts.h"

namespace rules {
namespace {

std::string Counted(size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string SampleHtml(double value, const store::HistogramPtr& histogram) {
  if (!histogram) return base::FormatSampleValue(value);
  return fmt::format("<code>{}</code>", base::EscapeHtml(promql::ToString(*histogram)));
}

std::string Row(const base::Labels& labels, std::string_view cell_class, const std::string& cell) {
  return fmt::format("<tr><td>{}</td><td class=\"{}\">{}</td></tr>\n", LabelsHtml(labels), cell_class, cell);
}

std::string Table(std::string_view head, std::string_view head_class, const std::string& rows) {
  return fmt::format(
      "<div class=\"table\"><table>\n<thead><tr><th>Series</th><th class=\"{}\">{}</th></tr></thead>\n"
      "<tbody>\n{}</tbody></table></div>\n",
      head_class, head, rows);
}

std::string CountHtml(size_t series) {
  if (series <= kShownSeries) return fmt::format("<p class=\"quiet\">{}.</p>\n", Counted(series, "series", "series"));
  return fmt::format(
      "<p class=\"note\">The result has {} series; the first {} are shown. Narrow the expression to see the others, "
      "for example with topk(20, …).</p>\n",
      series, kShownSeries);
}

std::string VectorHtml(const promql::Vector& vector) {
  if (vector.empty()) return "<p>The result is empty: no series.</p>\n";
  std::string rows;
  for (size_t i = 0; i < std::min(vector.size(), kShownSeries); ++i) {
    const promql::VectorSample& sample = vector[i];
    rows += Row(sample.labels, sample.histogram ? "" : "number", SampleHtml(sample.value, sample.histogram));
  }
  return CountHtml(vector.size()) + Table("Value", "number", rows);
}

std::string SamplesHtml(const store::Samples& samples) {
  const size_t first = samples.size() - std::min(samples.size(), kShownSamples);
  std::string lines;
  if (first > 0) lines = fmt::format("the last {} of {} samples:<br>\n", kShownSamples, samples.size());
  for (size_t i = first; i < samples.size(); ++i) {
    const store::HistogramPtr histogram = samples.histograms.empty() ? nullptr : samples.histograms[i];
    lines += fmt::format("{} <span class=\"quiet\">at {}</span><br>\n", SampleHtml(samples.values[i], histogram),
                         base::FormatTimeForPeople(samples.times[i]));
  }
  return lines;
}

std::string MatrixHtml(const promql::Matrix& matrix) {
  if (matrix.empty()) return "<p>The result is empty: no series.</p>\n";
  std::string rows;
  for (size_t i = 0; i < std::min(matrix.size(), kShownSeries); ++i) {
    rows += Row(matrix[i].labels, "", SamplesHtml(matrix[i].samples));
  }
  return CountHtml(matrix.size()) + Table("Samples", "", rows);
}

}  // namespace

std::string ValueHtml(const promql::Value& value) {
  if (const auto* vector = std::get_if<promql::Vector>(&value)) return VectorHtml(*vector);
  if (const auto* matrix = std::get_if<promql::Matrix>(&value)) return MatrixHtml(*matrix);
  if (const auto* text = std::get_if<promql::String>(&value)) {
    return fmt::format("<p>The value is the text <code>{}</code>.</p>\n", base::EscapeHtml(text->value));
  }
  return fmt::format("<p>The value is <strong>{}</strong>, a scalar.</p>\n",
                     base::FormatSampleValue(std::get<promql::Scalar>(value).value));
}

}  // namespace rules
