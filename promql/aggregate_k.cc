#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "promql/aggregate_groups.h"
#include "promql/number_format.h"

// topk and bottomk: series of the input as they are, at each step only the k best of each group.

namespace promql {
namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();

struct Candidate {
  size_t row;
  double value;
};

// The k best so far, the worst of them on top: a binary heap. Which of equal values stays is Prometheus' choice,
// and its heap's.
class BestOf {
 public:
  BestOf(size_t limit, bool greatest) : limit_(limit), greatest_(greatest) {}

  void Offer(Candidate candidate) {
    if (heap_.size() < limit_) {
      heap_.push_back(candidate);
      Rise();
    } else if (Replaces(candidate)) {
      heap_.front() = candidate;
      Sink();
    }
  }
  std::span<const Candidate> candidates() const { return heap_; }
  // Best first.
  std::vector<Candidate> Take() {
    std::ranges::stable_sort(heap_, [this](const Candidate& a, const Candidate& b) { return Worse(b, a); });
    return std::move(heap_);
  }

 private:
  bool Worse(const Candidate& a, const Candidate& b) const {
    if (std::isnan(a.value) || std::isnan(b.value)) return std::isnan(a.value) && !std::isnan(b.value);
    return greatest_ ? a.value < b.value : a.value > b.value;
  }
  bool Replaces(const Candidate& candidate) const { return Worse(heap_.front(), candidate); }
  void Rise() {
    for (size_t at = heap_.size() - 1; at > 0;) {
      const size_t parent = (at - 1) / 2;
      if (!Worse(heap_[at], heap_[parent])) return;
      std::swap(heap_[at], heap_[parent]);
      at = parent;
    }
  }
  void Sink() {
    for (size_t at = 0;;) {
      size_t child = 2 * at + 1;
      if (child >= heap_.size()) return;
      if (child + 1 < heap_.size() && Worse(heap_[child + 1], heap_[child])) ++child;
      if (!Worse(heap_[child], heap_[at])) return;
      std::swap(heap_[at], heap_[child]);
      at = child;
    }
  }

  size_t limit_;
  bool greatest_;
  std::vector<Candidate> heap_;
};

// The best of all groups at the first step, then at the second, and so on.
std::vector<BestOf> FindBest(const AggregateInput& input, const Grouping& groups, std::span<const size_t> limits) {
  const bool greatest = input.aggregate.op == AggregateOp::topk;
  std::vector<BestOf> best;
  best.reserve(limits.size() * groups.size());
  for (const size_t limit : limits) best.insert(best.end(), groups.size(), BestOf(limit, greatest));
  for (size_t row = 0; row < input.columns.size(); ++row) {
    const auto presence = input.columns.presence(row);
    const auto values = input.columns.values(row);
    BestOf* of_step = &best[groups.group_of[row]];
    for (size_t step = 0; step < limits.size(); ++step, of_step += groups.size()) {
      if (limits[step] == 0) continue;
      if (presence[step] == Presence::number) of_step->Offer({row, values[step]});
      if (presence[step] != Presence::histogram) continue;
      input.evaluator.annotations().Inform(remark::HistogramIgnoredInAggregation(ToString(input.aggregate.op)),
                                           input.where);
    }
  }
  return best;
}

base::Result<Columns> BestAtOneInstant(const AggregateInput& input, const Grouping& groups,
                                       std::span<const size_t> limits) {
  Columns out(1);
  if (limits[0] == 0) return out;
  for (BestOf& best : FindBest(input, groups, limits)) {
    for (const Candidate& candidate : best.Take()) {
      const Columns::Row& from = input.columns.row(candidate.row);
      out.SetNumber(out.Add(from.labels, from.drop_name), 0, candidate.value);
    }
  }
  return out;
}

}  // namespace

base::Result<std::vector<size_t>> LimitsOf(const AggregateInput& input) {
  const auto counts = input.parameter->values(0);
  std::vector<size_t> limits(counts.size());
  if (std::ranges::none_of(counts, [](double k) { return k >= 1 || std::isnan(k); })) return limits;
  for (size_t step = 0; step < counts.size(); ++step) {
    constexpr auto kLimit = static_cast<double>(std::numeric_limits<int64_t>::max());
    const double k = counts[step];
    if (std::isnan(k)) return base::Invalid("Parameter value is NaN");
    if (k <= -kLimit) return base::Invalid(fmt::format("Scalar value {} underflows int64", FormatG(k)));
    if (k >= kLimit) return base::Invalid(fmt::format("Scalar value {} overflows int64", FormatG(k)));
    if (k >= 1) limits[step] = std::min(static_cast<size_t>(k), input.columns.size());
  }
  return limits;
}

base::Result<Columns> AggregateK(const AggregateInput& input) {
  TRY(const std::vector<size_t> limits, LimitsOf(input));
  const Grouping groups = GroupRows(input.columns, input.aggregate);
  if (input.evaluator.steps().instant()) return BestAtOneInstant(input, groups, limits);
  std::vector<BestOf> best = FindBest(input, groups, limits);
  Columns out(input.columns.steps());
  std::vector<size_t> place_of(input.columns.size(), kNone);
  for (const BestOf& one : best) {
    for (const Candidate& candidate : one.candidates()) place_of[candidate.row] = 0;
  }
  for (size_t row = 0; row < input.columns.size(); ++row) {
    const Columns::Row& from = input.columns.row(row);
    if (place_of[row] != kNone) place_of[row] = out.Add(from.labels, from.drop_name);
  }
  for (size_t i = 0; i < best.size(); ++i) {
    for (const Candidate& candidate : best[i].candidates()) {
      out.SetNumber(place_of[candidate.row], i / groups.size(), candidate.value);
    }
  }
  return out;
}

}  // namespace promql
