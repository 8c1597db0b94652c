#include "promql/stored_hint.h"

#include "promql/histogram_math.h"

namespace promql {
namespace {

using Hint = base::CounterResetHint;

// Histograms of different layouts are kept apart; whether a counter was reset in between is then not known.
bool SameLayout(const FloatHistogram& before, const FloatHistogram& after) {
  return after.schema == before.schema && after.zero_threshold == before.zero_threshold &&
         after.custom_values == before.custom_values;
}

bool Fell(const FloatHistogram& before, FloatHistogram after) {
  after.counter_reset_hint = Hint::unknown;
  return DetectReset(after, before);
}

Hint StoredHint(const FloatHistogram* before, const FloatHistogram& after) {
  if (after.counter_reset_hint == Hint::gauge || after.counter_reset_hint == Hint::reset) {
    return after.counter_reset_hint;
  }
  if (before == nullptr || before->counter_reset_hint == Hint::gauge || store::IsStale(before->sum)) {
    return Hint::unknown;
  }
  if (after.count < before->count) return Hint::reset;
  if (!SameLayout(*before, after)) return Hint::unknown;
  return Fell(*before, after) ? Hint::reset : Hint::not_reset;
}

}  // namespace

store::HistogramPtr WithStoredHint(const store::HistogramPtr& previous, const store::HistogramPtr& histogram) {
  if (!histogram || store::IsStale(histogram->sum)) return histogram;
  const Hint hint = StoredHint(previous.get(), *histogram);
  if (hint == histogram->counter_reset_hint) return histogram;
  auto copy = std::make_shared<FloatHistogram>(*histogram);
  copy->counter_reset_hint = hint;
  return copy;
}

}  // namespace promql
