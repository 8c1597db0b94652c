#include "promql/info.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

#include "promql/number_format.h"

// info() adds the labels of info metrics (series with the value 1 whose labels are what they tell) to the series of
// its argument that have the same `job` and `instance`.

namespace promql {
namespace {

constexpr std::array<std::string_view, 2> kIdentifying = {"instance", "job"};
constexpr std::string_view kDefaultInfo = "target_info";

bool IsNameMatcher(const base::Matcher& matcher) { return matcher.name() == base::kMetricName; }

// Which series are info metrics. Matchers that only exclude are taken to mean "of all that end in _info".
std::vector<base::Matcher> NameMatchers(const std::vector<base::Matcher>& selector) {
  std::vector<base::Matcher> names;
  bool includes = false;
  for (const base::Matcher& matcher : selector) {
    if (!IsNameMatcher(matcher)) continue;
    includes |= matcher.type() == base::MatchType::equal || matcher.type() == base::MatchType::regex;
    names.push_back(matcher);
  }
  const std::string name(base::kMetricName);
  if (names.empty()) return {base::Matcher::Equal(name, std::string(kDefaultInfo))};
  if (!includes) names.insert(names.begin(), *base::Matcher::Make(base::MatchType::regex, name, ".+_info"));
  return names;
}

// When the argument's first selector looks: info series are looked up at the same time.
TimeModifiers ModifiersOfFirst(const Expr& expr) {
  TimeModifiers modifiers;
  bool found = false;
  std::vector<const Subquery*> around;
  const std::function<void(const Expr&)> visit = [&](const Expr& node) {
    if (found) return;
    const VectorSelector* selector = As<VectorSelector>(node);
    if (const auto* matrix = As<MatrixSelector>(node)) selector = &matrix->selector;
    if (selector != nullptr) {
      found = true;
      modifiers = selector->modifiers;
      for (auto at = around.rbegin(); modifiers.at == AtKind::none && at != around.rend(); ++at) {
        modifiers.offset.fixed += (*at)->modifiers.offset.fixed;
        modifiers.at = (*at)->modifiers.at;
        modifiers.timestamp = (*at)->modifiers.timestamp;
      }
      return;
    }
    const auto* subquery = As<Subquery>(node);
    if (subquery != nullptr) around.push_back(subquery);
    for (const Expr* child : Children(node)) visit(*child);
    if (subquery != nullptr) around.pop_back();
  };
  visit(expr);
  return modifiers;
}

class InfoJoin {
 public:
  InfoJoin(Evaluator& evaluator, const Call& call) : evaluator_(evaluator), call_(call) {
    if (call.arguments.size() < 2) {
      name_matchers_ = NameMatchers({});
      return;
    }
    const auto& selector = As<VectorSelector>(Unwrap(*call.arguments[1]))->matchers;
    name_matchers_ = NameMatchers(selector);
    for (const base::Matcher& matcher : selector) {
      if (!IsNameMatcher(matcher)) data_matchers_.push_back(matcher);
    }
  }

  base::Result<Columns> Run() {
    TRY(base_, evaluator_.Evaluate(*call_.arguments[0]));
    TRY_VOID(FetchInfo());
    Columns out(base_->steps());
    for (size_t row = 0; row < base_->size(); ++row) {
      TRY_VOID(evaluator_.Interrupted());
      TRY_VOID(JoinRow(row, out));
    }
    out.DropEmptyRows();
    return out;
  }

 private:
  using Choice = std::vector<size_t>;  // the info series found at a step, by rising row

  bool IsInfo(size_t row) const {
    const std::string_view name = base_->row(row).labels.MetricName();
    return std::ranges::all_of(name_matchers_, [&](const base::Matcher& m) { return m.Matches(name); });
  }

  static base::Labels Identity(const base::Labels& labels) {
    return labels.Keep({std::string(kIdentifying[0]), std::string(kIdentifying[1])});
  }

  base::Result<void> FetchInfo() {
    VectorSelector selector;
    for (const std::string_view label : kIdentifying) {
      std::map<std::string_view, bool> values;
      for (size_t row = 0; row < base_->size(); ++row) {
        if (!IsInfo(row)) values[base_->row(row).labels.Get(label)] = true;
      }
      values.erase("");
      if (values.empty()) continue;
      TRY(base::Matcher matcher, AnyOf(label, values));
      selector.matchers.push_back(std::move(matcher));
    }
    info_.emplace(base_->steps());
    if (selector.matchers.empty()) return {};
    selector.matchers.insert(selector.matchers.end(), data_matchers_.begin(), data_matchers_.end());
    selector.matchers.insert(selector.matchers.end(), name_matchers_.begin(), name_matchers_.end());
    selector.modifiers = ModifiersOfFirst(*call_.arguments[0]);
    TRY_VOID(RefuseHistograms(selector));
    TRY(info_, evaluator_.SampleTimes(selector, false));
    for (size_t row = 0; row < info_->size(); ++row) {
      const base::Labels& labels = info_->row(row).labels;
      by_identity_[Identity(labels)][std::string(labels.MetricName())].push_back(row);
    }
    return {};
  }

  base::Result<void> RefuseHistograms(const VectorSelector& selector) {
    TRY(const Columns samples, evaluator_.EvaluateSelector(selector, {}));
    for (size_t row = 0; samples.has_histograms() && row < samples.size(); ++row) {
      if (std::ranges::find(samples.presence(row), Presence::histogram) == samples.presence(row).end()) continue;
      return base::Invalid("this should be an info metric, with float samples: " + LabelsText(samples.row(row).labels));
    }
    return {};
  }

  // label=~"a|b|c"; where that would be too large, only that the label is there: matching is done again per series.
  static base::Result<base::Matcher> AnyOf(std::string_view label, const std::map<std::string_view, bool>& values) {
    std::string pattern;
    for (const auto& [value, unused] : values) {
      if (!pattern.empty()) pattern += '|';
      pattern += re2::RE2::QuoteMeta(re2::StringPiece(value.data(), value.size()));
    }
    if (pattern.size() > base::Matcher::kMaxRegexBytes) pattern = ".+";
    return base::Matcher::Make(base::MatchType::regex, std::string(label), std::move(pattern));
  }

  base::Result<void> JoinRow(size_t row, Columns& out) {
    const Columns::Row& from = base_->row(row);
    const bool untouched = IsInfo(row);
    const auto known = by_identity_.find(Identity(from.labels));
    std::map<Choice, std::optional<size_t>> out_rows;
    for (size_t step = 0; step < base_->steps(); ++step) {
      const Point point = base_->at(row, step);
      if (!point.present()) continue;
      Choice choice;
      if (!untouched && known != by_identity_.end()) {
        TRY(choice, Choose(known->second, step));
      }
      const auto [at, inserted] = out_rows.try_emplace(choice);
      if (inserted) {
        TRY(at->second, OutputRow(from, choice, untouched, out));
      }
      if (!at->second) continue;
      if (out.presence(*at->second)[step] != Presence::none) {
        return base::Invalid("vector cannot contain metrics with the same labelset");
      }
      out.Set(*at->second, step, point);
    }
    return {};
  }

  // Of each info metric the series with the newest sample.
  base::Result<Choice> Choose(const std::map<std::string, std::vector<size_t>>& by_name, size_t step) const {
    Choice choice;
    for (const auto& [name, rows] : by_name) {
      std::optional<size_t> newest;
      for (const size_t row : rows) {
        if (info_->presence(row)[step] == Presence::none) continue;
        const double time = info_->values(row)[step];
        if (newest && info_->values(*newest)[step] == time) return DuplicateInfo(*newest, row, time);
        if (!newest || info_->values(*newest)[step] < time) newest = row;
      }
      if (newest) choice.push_back(*newest);
    }
    return choice;
  }

  std::unexpected<base::Error> DuplicateInfo(size_t first, size_t second, double time) const {
    const auto milliseconds = static_cast<int64_t>(std::llround(time * 1000));
    return base::Invalid(fmt::format("found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                                     LabelsText(info_->row(first).labels), milliseconds,
                                     LabelsText(info_->row(second).labels), milliseconds));
  }

  // Nothing where data labels were asked for and none were found.
  base::Result<std::optional<size_t>> OutputRow(const Columns::Row& from, const Choice& choice, bool untouched,
                                                Columns& out) {
    const bool wanted = std::ranges::any_of(data_matchers_, [](const base::Matcher& m) { return !m.MatchesEmpty(); });
    if (!untouched && choice.empty() && wanted) return std::optional<size_t>();
    base::LabelsBuilder added;
    for (const size_t info : choice) {
      for (const base::Label& label : info_->row(info).labels) {
        if (label.name == base::kMetricName || !IsDataLabel(label.name)) continue;
        const std::string_view other = added.Get(label.name);
        if (!other.empty() && other != label.value) {
          return base::Invalid(fmt::format("conflicting label: {}", label.name));
        }
        if (!from.labels.Has(label.name)) added.Set(label.name, label.value);
      }
    }
    base::LabelsBuilder builder(from.labels);
    for (const base::Label& label : added.Build()) builder.Set(label.name, label.value);
    base::Labels labels = builder.Build();
    const auto [at, inserted] = out_of_labels_.try_emplace(labels, out.size());
    if (inserted) {
      TRY_VOID(evaluator_.Room(out.size() + 1, out.steps()));
      out.Add(std::move(labels), from.drop_name);
    }
    return std::optional(at->second);
  }

  bool IsDataLabel(std::string_view name) const {
    return data_matchers_.empty() ||
           std::ranges::any_of(data_matchers_, [&](const base::Matcher& m) { return m.name() == name; });
  }

  Evaluator& evaluator_;
  const Call& call_;
  std::vector<base::Matcher> name_matchers_;
  std::vector<base::Matcher> data_matchers_;
  std::optional<Columns> base_;
  std::optional<Columns> info_;  // the times of the info series' samples
  std::unordered_map<base::Labels, std::map<std::string, std::vector<size_t>>, base::LabelsHash> by_identity_;
  std::unordered_map<base::Labels, size_t, base::LabelsHash> out_of_labels_;
};

}  // namespace

base::Result<Columns> EvaluateInfo(Evaluator& evaluator, const Call& call) { return InfoJoin(evaluator, call).Run(); }

}  // namespace promql
