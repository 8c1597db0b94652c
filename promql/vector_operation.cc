#include "promql/vector_operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "promql/binary_element.h"
#include "promql/matching.h"
#include "promql/number_format.h"

namespace promql {
namespace {

bool ChangesMeaning(BinaryOp op) { return op >= BinaryOp::add; }

// "Many" is the side whose series may share a match, "one" the other; for group_right they change places, and back
// again where the operator is applied. The values of fill_left and fill_right do not: with group_right, too, fill_right
// stands for the "one" side, as in Prometheus.
//
// Iterates over the series of the "many" side and, for each, over the steps. Prometheus iterates over the steps first
// and stops at the first error. To report the same error, the matcher keeps the one of the earliest step and skips all
// steps after it.
class VectorMatcher {
 public:
  VectorMatcher(Evaluator& evaluator, const Binary& binary, const SourceRange& where, const Columns& left,
                const Columns& right)
      : evaluator_(evaluator),
        binary_(binary),
        matching_(binary.matching),
        where_(where),
        swapped_(binary.matching.cardinality == Cardinality::one_to_many),
        one_to_one_(binary.matching.cardinality == Cardinality::one_to_one),
        many_(swapped_ ? right : left),
        one_(swapped_ ? left : right),
        fill_one_(matching_.fill_right),
        fill_many_(matching_.fill_left),
        out_(left.steps()),
        end_(left.steps()) {}

  base::Result<Columns> Run() {
    if (!Fills() && (many_.empty() || one_.empty())) return std::move(out_);
    TRY_VOID(evaluator_.Interrupted());
    MatchGroups groups = GroupByMatch(many_, one_, matching_);
    many_group_ = std::move(groups.left);
    one_group_ = std::move(groups.right);
    FindOnes(groups.count);
    PrepareMatched(groups.count);
    for (size_t row = 0; row < many_.size(); ++row) {
      TRY_VOID(evaluator_.Interrupted());
      RunRow(row);
    }
    for (size_t row = 0; fill_many_ && row < one_.size(); ++row) FillRow(row);
    for (const ElementRemark& remark : remarks_) Report(remark, binary_.op, where_, evaluator_.annotations());
    // at the same step, an error of the matching precedes a clash of the results
    if (error_ && error_step_ <= clash_step_) return std::unexpected(std::move(*error_));
    if (clash_step_ != kNone) return base::Invalid("vector cannot contain metrics with the same labelset");
    out_.DropEmptyRows();
    return std::move(out_);
  }

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);
  using Flags = std::vector<bool>;  // one per step

  bool Fills() const { return fill_one_ || fill_many_; }

  // Finds the series of the "one" side of each group. Two series of a group at the same step are an error if the "many"
  // side has any sample at that step, even one of another group.
  void FindOnes(size_t groups) {
    only_one_.assign(groups, kNone);
    size_t first = kNone, second = kNone, step_of_both = kNone;
    for (size_t row = 0; row < one_.size(); ++row) {
      const size_t group = one_group_[row];
      if (only_one_[group] == kNone) {
        only_one_[group] = row;
        continue;
      }
      const auto [at, is_new] = several_.try_emplace(group);
      std::vector<size_t>& ones = at->second;
      if (is_new) {
        ones.assign(out_.steps(), kNone);
        PutOne(ones, only_one_[group]);
      }
      const auto presence = one_.presence(row);
      for (size_t step = 0; step < end_; ++step) {
        if (presence[step] == Presence::none || ones[step] == kNone || step >= step_of_both || !BothSides(step))
          continue;
        step_of_both = step;
        first = ones[step];
        second = row;
      }
      PutOne(ones, row);
    }
    if (step_of_both != kNone) Refuse(step_of_both, DuplicateError(first, second));
  }

  void PutOne(std::vector<size_t>& ones, size_t row) const {
    const auto presence = one_.presence(row);
    for (size_t step = 0; step < ones.size(); ++step) {
      if (presence[step] != Presence::none) ones[step] = row;
    }
  }

  // Whether the "many" side has a sample at `step`, or a fill value. REQUIRES: the "one" side has a sample.
  bool BothSides(size_t step) {
    if (Fills()) return true;
    if (many_present_.empty()) {
      many_present_.resize(out_.steps());
      for (size_t row = 0; row < many_.size(); ++row) {
        const auto presence = many_.presence(row);
        for (size_t i = 0; i < presence.size(); ++i) {
          if (presence[i] != Presence::none) many_present_[i] = true;
        }
      }
    }
    return many_present_[step];
  }

  base::Error DuplicateError(size_t first, size_t second) const {
    std::string a = LabelsText(one_.row(first).labels), b = LabelsText(one_.row(second).labels);
    if (a > b) std::swap(a, b);
    return base::Invalid(fmt::format("found duplicate series for the match group {} on the {} hand-side of the "
                                     "operation: [{}, {}];many-to-many matching not allowed: matching labels must be "
                                     "unique on one side",
                                     LabelsText(MatchLabels(one_.row(second).labels, matching_)),
                                     swapped_ ? "left" : "right", a, b))
        .error();
  }

  // Matched steps are recorded only for groups where a second match is an error or a missing match is filled.
  void PrepareMatched(size_t groups) {
    if (!one_to_one_ && !fill_many_) return;
    std::vector<bool> met(groups);
    for (const size_t group : many_group_) {
      if (fill_many_ || met[group]) matched_.try_emplace(group, out_.steps());
      met[group] = true;
    }
  }

  Flags* Matched(size_t group) {
    if (matched_.empty()) return nullptr;
    const auto at = matched_.find(group);
    return at == matched_.end() ? nullptr : &at->second;
  }

  void RunRow(size_t row) {
    const size_t group = many_group_[row];
    const size_t only = only_one_[group];
    if (only == kNone && !fill_one_) return;
    const auto several = several_.empty() ? several_.end() : several_.find(group);
    const std::vector<size_t>* ones = several == several_.end() ? nullptr : &several->second;
    matched_here_ = Matched(group);
    const auto presence = many_.presence(row);
    for (size_t step = 0; step < end_; ++step) {
      if (presence[step] == Presence::none) continue;
      size_t match = ones != nullptr ? (*ones)[step] : only;
      if (match != kNone && one_.presence(match)[step] == Presence::none) match = kNone;
      if (match != kNone || fill_one_) Apply(row, match, group, step);
    }
  }

  // Applies the operator to the samples of the "one" side that nothing matched.
  void FillRow(size_t row) {
    const size_t group = one_group_[row];
    Flags* const matched = Matched(group);
    matched_here_ = nullptr;
    const auto presence = one_.presence(row);
    for (size_t step = 0; step < end_; ++step) {
      if (presence[step] == Presence::none || (matched != nullptr && (*matched)[step])) continue;
      Apply(kNone, row, group, step);
    }
  }

  // Applies the operator to one pair. kNone stands for the fill value of that side.
  void Apply(size_t many_row, size_t one_row, size_t group, size_t step) {
    const Point many = many_row == kNone ? Point::Number(*fill_many_) : many_.at(many_row, step);
    const Point one = one_row == kNone ? Point::Number(*fill_one_) : one_.at(one_row, step);
    ElementRemark remark;
    const auto result = ElementOperation(binary_.op, swapped_ ? one : many, swapped_ ? many : one, remark);
    if (remark.kind != ElementRemark::Kind::none) Remember(step, remark);
    if (!result) return;  // incompatible sample types do not match
    if (one_to_one_ && matched_here_ != nullptr && (*matched_here_)[step]) {
      return Refuse(step, base::Invalid("multiple matches for labels: many-to-one matching must be explicit "
                                        "(group_left/group_right)")
                              .error());
    }
    if (matched_here_ != nullptr) (*matched_here_)[step] = true;
    const bool kept = result->keep || binary_.return_bool;
    if (one_to_one_ && !kept) return;
    const Target& target = TargetOf(many_row, one_row, group);
    if (!one_to_one_) {
      if ((*target.taken)[step]) {
        return Refuse(step,
                      base::Invalid("multiple matches for labels: grouping labels must ensure unique matches").error());
      }
      (*target.taken)[step] = true;
      if (!kept) return;
    }
    Put(target.row, step, binary_.return_bool ? Point::Number(result->keep ? 1 : 0) : result->point);
  }

  void Put(size_t row, size_t step, Point point) {
    if (out_.presence(row)[step] != Presence::none) {
      if (evaluator_.delayed_names() && evaluator_.steps().instant()) {
        // labels are compared when the query ends and the names are removed
        row = out_.Add(out_.row(row).labels, binary_.return_bool);
      } else {
        clash_step_ = std::min(clash_step_, step);
        end_ = std::min(end_, step + 1);
        return;
      }
    }
    out_.Set(row, step, std::move(point));
  }

  // Records an error at `step`; later steps are not evaluated.
  void Refuse(size_t step, base::Error error) {
    end_ = step;
    error_step_ = step;
    error_ = std::move(error);
  }

  // Only the last remark of a step is reported.
  void Remember(size_t step, const ElementRemark& remark) {
    if (remarks_.empty()) remarks_.resize(out_.steps());
    remarks_[step] = remark;
  }

  // The row of the result for a pair of series. `taken` is set for many-to-one only: the steps at which a series of the
  // same group already produced these labels.
  struct Target {
    size_t row = 0;
    Flags* taken = nullptr;
  };
  const Target& TargetOf(size_t many_row, size_t one_row, size_t group) {
    if (last_pair_ == std::pair(many_row, one_row)) return target_;
    last_pair_ = {many_row, one_row};
    base::Labels labels = ResultLabels(many_row, one_row);
    const auto [known, is_new] = rows_.try_emplace(labels, out_.size());
    if (is_new) out_.Add(std::move(labels), binary_.return_bool);
    target_.row = known->second;
    if (!one_to_one_) target_.taken = &taken_.try_emplace({target_.row, group}, out_.steps()).first->second;
    return target_;
  }

  base::Labels ResultLabels(size_t many_row, size_t one_row) const {
    const base::Labels many =
        many_row == kNone ? MatchLabels(one_.row(one_row).labels, matching_) : many_.row(many_row).labels;
    const base::Labels one = one_row == kNone ? MatchLabels(many, matching_) : one_.row(one_row).labels;
    const bool drops = ChangesMeaning(binary_.op) || (binary_.return_bool && !evaluator_.delayed_names());
    base::Labels labels = drops ? DropMetricLabels(many) : many;
    if (one_to_one_) return matching_.on ? labels.Keep(matching_.labels) : labels.Drop(matching_.labels);
    if (matching_.include.empty()) return labels;
    base::LabelsBuilder builder(labels);
    for (const std::string& name : matching_.include) builder.Set(name, one.Get(name));
    return builder.Build();
  }

  Evaluator& evaluator_;
  const Binary& binary_;
  const VectorMatching& matching_;
  const SourceRange& where_;
  bool swapped_;
  bool one_to_one_;
  const Columns& many_;
  const Columns& one_;
  std::optional<double> fill_one_;
  std::optional<double> fill_many_;

  // by row
  std::vector<size_t> many_group_;
  std::vector<size_t> one_group_;
  // by group
  std::vector<size_t> only_one_;                             // the first row of the "one" side, or kNone
  std::unordered_map<size_t, std::vector<size_t>> several_;  // by step, where there are several such rows
  std::unordered_map<size_t, Flags> matched_;                // see PrepareMatched
  Flags many_present_;                                       // see BothSides
  Flags* matched_here_ = nullptr;                            // of the row at work

  Columns out_;
  std::unordered_map<base::Labels, size_t, base::LabelsHash> rows_;
  std::map<std::pair<size_t, size_t>, Flags> taken_;  // by row of the result and group
  std::pair<size_t, size_t> last_pair_{kNone, kNone};
  Target target_;

  std::vector<ElementRemark> remarks_;  // by step; empty if there are none
  size_t end_;                          // the steps from here on do not matter
  std::optional<base::Error> error_;
  size_t error_step_ = kNone;
  size_t clash_step_ = kNone;  // where two results had the same labels
};

}  // namespace

base::Result<Columns> VectorOperation(Evaluator& evaluator, const Binary& binary, const SourceRange& where,
                                      const Columns& left, const Columns& right) {
  return VectorMatcher(evaluator, binary, where, left, right).Run();
}

}  // namespace promql
