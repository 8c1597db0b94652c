#include "rules/unit_test/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/template/format.h"
#include "base/text.h"
#include "promql/histogram_math.h"
#include "promql/number_format.h"

namespace rules {
namespace {

bool SameValues(const std::vector<double>& a, const std::vector<double>& b, const Nearness& nearness) {
  return std::ranges::equal(a, b, [&](double x, double y) { return SameValue(x, y, nearness); });
}

// promtool compares histograms by their text, so its fuzziness is not for them, and NaN is NaN there.
bool SameHistogram(base::FloatHistogram a, base::FloatHistogram b, const Nearness& nearness) {
  promql::Compact(a);
  promql::Compact(b);
  const Nearness near{.last_bit = false, .tolerance = nearness.tolerance.value_or(0)};
  const auto same = [&](double x, double y) { return SameValue(x, y, near); };
  return a.schema == b.schema && same(a.count, b.count) && same(a.sum, b.sum) && same(a.zero_count, b.zero_count) &&
         a.zero_threshold == b.zero_threshold && a.counter_reset_hint == b.counter_reset_hint &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         SameValues(a.positive_buckets, b.positive_buckets, near) &&
         SameValues(a.negative_buckets, b.negative_buckets, near) &&
         (!promql::UsesCustomBuckets(a) || a.custom_values == b.custom_values);
}

std::string NumberList(std::string_view key, std::span<const double> numbers) {
  std::vector<std::string> texts;
  for (const double number : numbers) texts.push_back(promql::FormatG(number));
  return fmt::format("{}:[{}]", key, base::Join(texts, " "));
}

// The counts of buckets side by side, with zeros in the gaps; nothing where the gaps are absurdly wide.
std::optional<std::vector<double>> WithoutGaps(std::span<const base::HistogramSpan> spans,
                                               std::span<const double> counts) {
  constexpr size_t kWidest = 10'000;
  std::vector<double> dense;
  size_t next = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    const size_t gap = i == 0 ? 0 : static_cast<size_t>(std::max(spans[i].offset, 0));
    if (gap > kWidest - std::min(dense.size(), kWidest)) return std::nullopt;
    dense.resize(dense.size() + gap);
    for (uint32_t k = 0; k < spans[i].length && next < counts.size(); ++k) dense.push_back(counts[next++]);
  }
  return dense;
}

std::string_view HintName(base::CounterResetHint hint) {
  switch (hint) {
    case base::CounterResetHint::unknown:
      return "";
    case base::CounterResetHint::reset:
      return "reset";
    case base::CounterResetHint::not_reset:
      return "not_reset";
    case base::CounterResetHint::gauge:
      return "gauge";
  }
  return "";
}

std::string ValueText(const TestedSample& sample) {
  return sample.histogram ? HistogramNotation(*sample.histogram) : base::GoFormatFloat(sample.value, 'E', -1);
}

std::string SampleText(const TestedSample& sample) {
  return fmt::format("{} {}", promql::LabelsText(sample.labels), ValueText(sample));
}

std::string SamplesText(const std::vector<TestedSample>& samples) {
  std::vector<std::string> texts;
  for (const TestedSample& sample : samples) texts.push_back(SampleText(sample));
  return texts.empty() ? "nil" : base::Join(texts, ", ");
}

// Both are sorted by their labels, which are unique in each.
std::string SamplesDiff(const std::vector<TestedSample>& expected, const std::vector<TestedSample>& found,
                        const Nearness& nearness) {
  std::string text = "        diff:";
  const auto line = [&](char mark, const TestedSample& sample) {
    text += fmt::format("\n          {} {}", mark, SampleText(sample));
  };
  auto want = expected.begin();
  auto got = found.begin();
  while (want != expected.end() || got != found.end()) {
    if (got == found.end() || (want != expected.end() && want->labels < got->labels)) {
      line('-', *want++);
    } else if (want == expected.end() || got->labels < want->labels) {
      line('+', *got++);
    } else if (SameSample(*want, *got, nearness)) {
      line(' ', *want++);
      ++got;
    } else {
      line('-', *want++);
      line('+', *got++);
    }
  }
  return text;
}

std::string MapText(const TextMap& map) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : map) texts.push_back(fmt::format("{}={}", name, base::Quote(value)));
  return fmt::format("{{{}}}", base::Join(texts, ", "));
}

std::string AlertsText(const std::vector<TestedAlert>& alerts) {
  if (alerts.empty()) return "[]";
  std::string text = "[";
  for (size_t i = 0; i < alerts.size(); ++i) {
    text += fmt::format("{}\n            {}:\n              Labels:{}\n              Annotations:{}", i == 0 ? "" : ",",
                        i, MapText(alerts[i].labels), MapText(alerts[i].annotations));
  }
  return text + "\n            ]";
}

void AppendMapDiff(std::string_view title, const TextMap& expected, const TextMap& found, std::string& text) {
  if (expected.empty() && found.empty()) return;
  text += fmt::format("\n            {}:", title);
  const auto line = [&](char mark, const auto& entry) {
    text += fmt::format("\n            {} {}={}", mark, entry.first, base::Quote(entry.second));
  };
  auto want = expected.begin();
  auto got = found.begin();
  while (want != expected.end() || got != found.end()) {
    if (want != expected.end() && got != found.end() && *want == *got) {
      line(' ', *want++);
      ++got;
    } else if (got == found.end() || (want != expected.end() && want->first <= got->first)) {
      line('-', *want++);
    } else {
      line('+', *got++);
    }
  }
}

// Alerts of equal labels belong together; the others are put side by side in their order.
std::string AlertsDiff(std::vector<TestedAlert> expected, std::vector<TestedAlert> found) {
  std::string text = "        diff:";
  const auto show = [&](std::string_view what, const TestedAlert& want, const TestedAlert& got) {
    text += fmt::format("\n          alert{}", what);
    AppendMapDiff("Labels", want.labels, got.labels, text);
    AppendMapDiff("Annotations", want.annotations, got.annotations, text);
  };
  std::vector<TestedAlert> others;
  for (TestedAlert& want : expected) {
    auto got = std::ranges::find(found, want);
    if (got == found.end()) got = std::ranges::find(found, want.labels, &TestedAlert::labels);
    if (got == found.end()) {
      others.push_back(std::move(want));
      continue;
    }
    show(want == *got ? " as expected:" : ", annotations differ:", want, *got);
    found.erase(got);
  }
  for (size_t i = 0; i < std::max(others.size(), found.size()); ++i) {
    const bool missing = i >= found.size();
    const bool surplus = i >= others.size();
    show(missing ? " missing:" : (surplus ? " not expected:" : ", labels differ:"), surplus ? TestedAlert() : others[i],
         missing ? TestedAlert() : found[i]);
  }
  return text;
}

}  // namespace

bool SameValue(double expected, double found, const Nearness& nearness) {
  if (expected == found) return true;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (nearness.last_bit &&
      (std::nextafter(expected, kInfinity) == found || std::nextafter(expected, -kInfinity) == found)) {
    return true;
  }
  if (!nearness.tolerance) return false;
  if (std::isnan(expected) && std::isnan(found)) return true;
  if (!std::isfinite(expected) || !std::isfinite(found)) return false;
  // divided by two, so that the difference of the largest doubles is one
  return std::abs(expected / 2 - found / 2) <= *nearness.tolerance * std::max(std::abs(expected), std::abs(found)) / 2;
}

bool SameSample(const TestedSample& expected, const TestedSample& found, const Nearness& nearness) {
  if (expected.labels != found.labels || !expected.histogram != !found.histogram) return false;
  if (expected.histogram) return SameHistogram(*expected.histogram, *found.histogram, nearness);
  return SameValue(expected.value, found.value, nearness);
}

std::optional<std::string> CompareSamples(std::vector<TestedSample> expected, std::vector<TestedSample> found,
                                          const Nearness& nearness, bool diff) {
  std::ranges::stable_sort(expected, {}, &TestedSample::labels);
  std::ranges::stable_sort(found, {}, &TestedSample::labels);
  const auto same = [&](const TestedSample& a, const TestedSample& b) { return SameSample(a, b, nearness); };
  if (std::ranges::equal(expected, found, same)) return std::nullopt;
  if (diff) return SamplesDiff(expected, found, nearness);
  return fmt::format("        exp: {}\n        got: {}", SamplesText(expected), SamplesText(found));
}

std::optional<std::string> CompareAlerts(std::vector<TestedAlert> expected, std::vector<TestedAlert> found, bool diff) {
  std::ranges::sort(expected);
  std::ranges::sort(found);
  if (expected == found) return std::nullopt;
  if (diff) return AlertsDiff(std::move(expected), std::move(found));
  return fmt::format("        exp:{},\n        got:{}", AlertsText(expected), AlertsText(found));
}

std::string HistogramNotation(const base::FloatHistogram& histogram) {
  base::FloatHistogram h = histogram;
  promql::Compact(h);
  std::vector<std::string> parts;
  const auto number = [&](std::string_view key, double value) {
    if (value != 0) parts.push_back(fmt::format("{}:{}", key, promql::FormatG(value)));
  };
  number("schema", h.schema);
  number("count", h.count);
  number("sum", h.sum);
  number("z_bucket", h.zero_count);
  number("z_bucket_w", h.zero_threshold);
  if (promql::UsesCustomBuckets(h)) parts.push_back(NumberList("custom_values", h.custom_values));
  if (const std::string_view hint = HintName(h.counter_reset_hint); !hint.empty()) {
    parts.push_back(fmt::format("counter_reset_hint:{}", hint));
  }
  const auto buckets = [&](std::string_view offset_key, std::string_view key, const auto& spans, const auto& counts) {
    const auto dense = WithoutGaps(spans, counts);
    if (!dense) return false;
    if (!spans.empty()) number(offset_key, spans.front().offset);
    if (!dense->empty()) parts.push_back(NumberList(key, *dense));
    return true;
  };
  if (!buckets("offset", "buckets", h.positive_spans, h.positive_buckets) ||
      !buckets("n_offset", "n_buckets", h.negative_spans, h.negative_buckets)) {
    return promql::ToString(h);
  }
  return fmt::format("{{{{{}}}}}", base::Join(parts, " "));
}

}  // namespace rules
