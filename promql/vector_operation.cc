#include "promql/vector_operation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "promql/binary_element.h"
#include "promql/number_format.h"

namespace promql {
namespace {

bool ChangesMeaning(BinaryOp op) { return op >= BinaryOp::add; }

// Works group by group. "Many" is the side whose series may share a match, "one" the other; for group_right they
// change places, and back again where the operator is applied. The values of fill_left and fill_right do not: with
// group_right, too, fill_right stands for the "one" side, as in Prometheus.
class VectorMatcher {
 public:
  VectorMatcher(Evaluator& evaluator, const Binary& binary, const SourceRange& where, const Columns& left,
                const Columns& right)
      : evaluator_(evaluator),
        binary_(binary),
        matching_(binary.matching),
        where_(where),
        swapped_(binary.matching.cardinality == Cardinality::one_to_many),
        many_(swapped_ ? right : left),
        one_(swapped_ ? left : right),
        fill_one_(matching_.fill_right),
        fill_many_(matching_.fill_left),
        out_(left.steps()) {}

  base::Result<Columns> Run() {
    for (const MatchGroup& group : GroupByMatch(many_, one_, matching_)) {
      TRY_VOID(evaluator_.Interrupted());
      const bool fills = fill_one_ || fill_many_;
      if (!fills && (group.left.empty() || group.right.empty())) continue;
      TRY_VOID(RunGroup(group.left, group.right));
    }
    TRY_VOID(evaluator_.CheckEqualRows(out_));
    out_.DropEmptyRows();
    return std::move(out_);
  }

 private:
  using Rows = std::vector<size_t>;
  static constexpr size_t kNone = static_cast<size_t>(-1);

  base::Result<void> RunGroup(const Rows& many, const Rows& one) {
    results_.clear();
    last_pair_ = {kNone, kNone};
    for (size_t step = 0; step < out_.steps(); ++step) {
      TRY(const size_t match, OneAt(one, step));
      TRY(const bool matched, ApplyMany(many, match, step));
      if (matched || match == kNone || !fill_many_) continue;
      TRY_VOID(Apply(kNone, match, step));
    }
    return {};
  }

  // The series of the "one" side that is present at a step.
  base::Result<size_t> OneAt(const Rows& one, size_t step) const {
    size_t found = kNone;
    for (const size_t row : one) {
      if (one_.presence(row)[step] == Presence::none) continue;
      if (found != kNone) return DuplicateError(found, row);
      found = row;
    }
    return found;
  }

  std::unexpected<base::Error> DuplicateError(size_t first, size_t second) const {
    std::string a = LabelsText(one_.row(first).labels), b = LabelsText(one_.row(second).labels);
    if (a > b) std::swap(a, b);
    return base::Invalid(fmt::format(
        "found duplicate series for the match group {} on the {} hand-side of the operation: [{}, {}];many-to-many "
        "matching not allowed: matching labels must be unique on one side",
        LabelsText(MatchLabels(one_.row(second).labels, matching_)), swapped_ ? "left" : "right", a, b));
  }

  base::Result<bool> ApplyMany(const Rows& many, size_t match, size_t step) {
    if (match == kNone && !fill_one_) {
      return std::ranges::any_of(many, [&](size_t row) { return many_.presence(row)[step] != Presence::none; });
    }
    bool matched = false;
    touched_.clear();
    for (const size_t row : many) {
      if (many_.presence(row)[step] == Presence::none) continue;
      if (matched && matching_.cardinality == Cardinality::one_to_one) {
        return base::Invalid(
            "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
      }
      TRY(const bool applied, Apply(row, match, step));
      matched = matched || applied;
    }
    return matched;
  }

  // False where the kinds of samples do not go together.
  base::Result<bool> Apply(size_t many_row, size_t one_row, size_t step) {
    const Point many = many_row == kNone ? Point::Number(*fill_many_) : many_.at(many_row, step);
    const Point one = one_row == kNone ? Point::Number(*fill_one_) : one_.at(one_row, step);
    const auto result =
        ElementOperation(binary_.op, swapped_ ? one : many, swapped_ ? many : one, where_, evaluator_.annotations());
    if (!result) return false;
    const size_t row = ResultRow(many_row, one_row);
    if (matching_.cardinality != Cardinality::one_to_one) {
      if (std::ranges::find(touched_, row) != touched_.end()) {
        return base::Invalid("multiple matches for labels: grouping labels must ensure unique matches");
      }
      touched_.push_back(row);
    }
    if (!result->keep && !binary_.return_bool) return true;
    if (out_.presence(row)[step] != Presence::none) {
      return base::Invalid("vector cannot contain metrics with the same labelset");
    }
    out_.Set(row, step, binary_.return_bool ? Point::Number(result->keep ? 1 : 0) : result->point);
    return true;
  }

  // Series of the result, by the pair of series they come from.
  size_t ResultRow(size_t many_row, size_t one_row) {
    if (last_pair_ == std::pair(many_row, one_row)) return last_row_;
    last_pair_ = {many_row, one_row};
    const auto [at, inserted] = results_.try_emplace(last_pair_, 0);
    if (!inserted) return last_row_ = at->second;
    base::Labels labels = ResultLabels(many_row, one_row);
    const auto [known, is_new] = rows_.try_emplace(labels, out_.size());
    if (is_new) out_.Add(std::move(labels), binary_.return_bool);
    return last_row_ = at->second = known->second;
  }

  base::Labels ResultLabels(size_t many_row, size_t one_row) const {
    const base::Labels many =
        many_row == kNone ? MatchLabels(one_.row(one_row).labels, matching_) : many_.row(many_row).labels;
    const base::Labels one = one_row == kNone ? MatchLabels(many, matching_) : one_.row(one_row).labels;
    const bool drops = ChangesMeaning(binary_.op) || (binary_.return_bool && !evaluator_.delayed_names());
    base::Labels labels = drops ? DropMetricLabels(many) : many;
    if (matching_.cardinality == Cardinality::one_to_one) {
      return matching_.on ? labels.Keep(matching_.labels) : labels.Drop(matching_.labels);
    }
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
  const Columns& many_;
  const Columns& one_;
  std::optional<double> fill_one_;
  std::optional<double> fill_many_;
  Columns out_;
  std::map<std::pair<size_t, size_t>, size_t> results_;  // of the group at work
  std::pair<size_t, size_t> last_pair_;
  size_t last_row_ = 0;
  std::unordered_map<base::Labels, size_t, base::LabelsHash> rows_;
  std::vector<size_t> touched_;  // result rows of the step at work
};

}  // namespace

base::Result<Columns> VectorOperation(Evaluator& evaluator, const Binary& binary, const SourceRange& where,
                                      const Columns& left, const Columns& right) {
  return VectorMatcher(evaluator, binary, where, left, right).Run();
}

}  // namespace promql
