#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"
#include "promql/functions.h"

namespace promql {
namespace {

bool IsLabelName(std::string_view name) { return !name.empty() && base::IsValidUtf8(name); }
bool IsWord(char c) { return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// Go's regexp.Expand: $1, $name, ${1}, ${name} and $$; a reference to no group is empty.
class Template {
 public:
  Template(std::string_view text, const re2::RE2& regex) : text_(text), names_(regex.NamedCapturingGroups()) {}

  std::string Expand(const std::vector<re2::StringPiece>& groups) const {
    std::string out;
    for (size_t at = 0; at < text_.size();) {
      const size_t dollar = text_.find('$', at);
      out += text_.substr(at, dollar - at);
      if (dollar == std::string_view::npos) break;
      at = dollar + 1;
      if (at < text_.size() && text_[at] == '$') {
        out += '$';
        ++at;
        continue;
      }
      const std::string_view name = TakeName(at);
      if (name.empty()) {
        out += '$';  // no reference after all
      } else {
        out += GroupOf(name, groups);
      }
    }
    return out;
  }

 private:
  std::string_view TakeName(size_t& at) const {
    const bool braced = at < text_.size() && text_[at] == '{';
    const size_t begin = at + (braced ? 1 : 0);
    size_t end = begin;
    while (end < text_.size() && IsWord(text_[end])) ++end;
    if (end == begin || (braced && (end >= text_.size() || text_[end] != '}'))) return {};
    at = end + (braced ? 1 : 0);
    return text_.substr(begin, end - begin);
  }

  std::string_view GroupOf(std::string_view name, const std::vector<re2::StringPiece>& groups) const {
    size_t number = groups.size();
    if (std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; })) {
      number = static_cast<size_t>(base::ParseInteger(name).value_or(1LL << 40));
    } else if (const auto at = names_.find(std::string(name)); at != names_.end()) {
      number = static_cast<size_t>(at->second);
    }
    if (number >= groups.size()) return {};
    return {groups[number].data(), groups[number].size()};
  }

  std::string_view text_;
  const std::map<std::string, int>& names_;
};

void SetLabel(Columns::Row& row, const std::string& name, std::string_view value) {
  base::LabelsBuilder builder(row.labels);
  builder.Set(name, value);
  row.labels = builder.Build();
  // a name that was given on purpose stays
  if (name == base::kMetricName) row.drop_name = false;
}

}  // namespace

base::Result<Columns> LabelReplace(CallInput& input) {
  const std::string& target = input.text(1);
  const std::string& source = input.text(3);
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_dot_nl(true);
  const re2::RE2 regex(input.text(4), options);
  if (!regex.ok()) {
    return base::Invalid(fmt::format("invalid regular expression in label_replace(): {}", input.text(4)));
  }
  if (!IsLabelName(target)) {
    return base::Invalid(fmt::format("invalid destination label name in label_replace(): {}", target));
  }
  const Template replacement(input.text(2), regex);
  Columns columns = std::move(input.arguments[0]);
  std::vector<re2::StringPiece> groups(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (size_t row = 0; row < columns.size(); ++row) {
    const std::string value(columns.row(row).labels.Get(source));
    const bool matches =
        regex.Match(value, 0, value.size(), re2::RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size()));
    if (matches) SetLabel(columns.row(row), target, replacement.Expand(groups));
  }
  TRY_VOID(input.evaluator.MergeEqualRows(columns));
  return columns;
}

base::Result<Columns> LabelJoin(CallInput& input) {
  const std::string& target = input.text(1);
  const std::string& separator = input.text(2);
  for (size_t i = 3; i < input.call.arguments.size(); ++i) {
    if (IsLabelName(input.text(i))) continue;
    return base::Invalid(fmt::format("invalid source label name in label_join(): {}", input.text(i)));
  }
  if (!IsLabelName(target)) {
    return base::Invalid(fmt::format("invalid destination label name in label_join(): {}", target));
  }
  Columns columns = std::move(input.arguments[0]);
  for (size_t row = 0; row < columns.size(); ++row) {
    std::string joined;
    for (size_t i = 3; i < input.call.arguments.size(); ++i) {
      if (i > 3) joined += separator;
      joined += columns.row(row).labels.Get(input.text(i));
    }
    SetLabel(columns.row(row), target, joined);
  }
  TRY_VOID(input.evaluator.MergeEqualRows(columns));
  return columns;
}

}  // namespace promql
