#include "promql/stored_hint.h"

#include "promql/histogram_math.h"

namespace promql {
namespace {

using Hint = base::CounterResetHint;

bool SameLayout(const FloatHistogram& before, const FloatHistogram& after) {
  return after.schema == before.schema && after.zero_threshold == before.zero_threshold &&
         after.custom_values == before.custom_values;
}

bool Fell(const FloatHistogram& before, FloatHistogram after) {
  after.counter_reset_hint = Hint::unknown;
  return DetectReset(after, before);
}

bool Continues(const FloatHistogram* before, const FloatHistogram& after) {
  if (before == nullptr || before->counter_reset_hint == Hint::gauge || store::IsStale(before->sum)) return false;
  return after.counter_reset_hint != Hint::reset && SameLayout(*before, after) && !Fell(*before, after);
}

Hint StoredHint(const FloatHistogram* before, const FloatHistogram& after) {
  if (after.counter_reset_hint == Hint::gauge) return Hint::gauge;
  return Continues(before, after) ? Hint::not_reset : Hint::unknown;
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
