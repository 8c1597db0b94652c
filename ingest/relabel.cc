#include "ingest/relabel.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "ingest/md5.h"

namespace ingest {
namespace {

struct ActionWord {
  RelabelAction action;
  std::string_view word;
};
constexpr std::array<ActionWord, 11> kActions = {{{RelabelAction::replace, "replace"},
                                                  {RelabelAction::keep, "keep"},
                                                  {RelabelAction::drop, "drop"},
                                                  {RelabelAction::keep_equal, "keepequal"},
                                                  {RelabelAction::drop_equal, "dropequal"},
                                                  {RelabelAction::hash_mod, "hashmod"},
                                                  {RelabelAction::label_map, "labelmap"},
                                                  {RelabelAction::label_drop, "labeldrop"},
                                                  {RelabelAction::label_keep, "labelkeep"},
                                                  {RelabelAction::lowercase, "lowercase"},
                                                  {RelabelAction::uppercase, "uppercase"}}};

std::shared_ptr<const re2::RE2> Compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_dot_nl(true);
  options.set_log_errors(false);
  return std::make_shared<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

bool IsTemplateNamePart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Go's regexp.Expand: the longest run of letters, digits and underscores after '$' is the group's name or number.
std::string FillTemplate(std::string_view form, const re2::RE2& regex, std::span<const re2::StringPiece> groups) {
  std::string filled;
  for (size_t at = 0; at < form.size();) {
    if (form[at] != '$' || at + 1 == form.size()) {
      filled += form[at++];
      continue;
    }
    ++at;
    if (form[at] == '$') {
      filled += form[at++];
      continue;
    }
    const bool braces = form[at] == '{';
    const size_t start = at + (braces ? 1 : 0);
    size_t end = start;
    while (end < form.size() && IsTemplateNamePart(form[end])) ++end;
    const bool malformed = end == start || (braces && (end == form.size() || form[end] != '}'));
    if (malformed) {
      filled += '$';
      continue;
    }
    const std::string name(form.substr(start, end - start));
    at = end + (braces ? 1 : 0);
    size_t group = groups.size();
    if (const auto number = base::ParseInteger(name)) {
      group = static_cast<size_t>(*number);
    } else if (const auto named = regex.NamedCapturingGroups().find(name);
               named != regex.NamedCapturingGroups().end()) {
      group = static_cast<size_t>(named->second);
    }
    if (group < groups.size()) filled.append(groups[group].data(), groups[group].size());
  }
  return filled;
}

std::string JoinSources(const RelabelConfig& step, const base::LabelsBuilder& labels) {
  std::string joined;
  for (size_t i = 0; i < step.source_labels.size(); ++i) {
    if (i > 0) joined += step.separator;
    joined += labels.Get(step.source_labels[i]);
  }
  return joined;
}

void Replace(const RelabelConfig& step, const std::string& subject, base::LabelsBuilder& labels) {
  const auto expanded = step.regex.Expand(subject, {step.target_label, step.replacement});
  if (!expanded) return;
  const std::string& target = expanded->front();
  if (target.empty() || !base::IsValidUtf8(target)) return;
  labels.Set(target, expanded->back());
}

std::string ToUpper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

std::string HashMod(std::string_view subject, int64_t modulus) {
  const auto digest = Md5(subject);
  uint64_t last_half = 0;
  for (size_t i = 8; i < digest.size(); ++i) last_half = last_half << 8 | digest[i];
  return std::to_string(last_half % static_cast<uint64_t>(modulus));
}

void ChangeNames(const RelabelConfig& step, base::LabelsBuilder& labels) {
  const base::Labels before = labels.Build();
  for (const base::Label& label : before) {
    if (step.action == RelabelAction::label_map) {
      const auto name = step.regex.Expand(label.name, {step.replacement});
      if (name && !name->front().empty()) labels.Set(name->front(), label.value);
    } else if (step.regex.Matches(label.name) == (step.action == RelabelAction::label_drop)) {
      labels.Remove(label.name);
    }
  }
}

bool Apply(const RelabelConfig& step, base::LabelsBuilder& labels) {
  const std::string subject = JoinSources(step, labels);
  switch (step.action) {
    case RelabelAction::replace:
      Replace(step, subject, labels);
      return true;
    case RelabelAction::keep:
      return step.regex.Matches(subject);
    case RelabelAction::drop:
      return !step.regex.Matches(subject);
    case RelabelAction::keep_equal:
      return labels.Get(step.target_label) == subject;
    case RelabelAction::drop_equal:
      return labels.Get(step.target_label) != subject;
    case RelabelAction::hash_mod:
      labels.Set(step.target_label, HashMod(subject, step.modulus));
      return true;
    case RelabelAction::lowercase:
      labels.Set(step.target_label, base::ToLower(subject));
      return true;
    case RelabelAction::uppercase:
      labels.Set(step.target_label, ToUpper(subject));
      return true;
    case RelabelAction::label_map:
    case RelabelAction::label_drop:
    case RelabelAction::label_keep:
      ChangeNames(step, labels);
      return true;
  }
  return true;
}

}  // namespace

std::string_view ToString(RelabelAction action) {
  for (const ActionWord& known : kActions) {
    if (known.action == action) return known.word;
  }
  return "replace";
}

RelabelRegex::RelabelRegex() : pattern_("(.*)"), regex_(Compile(pattern_)) {}

base::Result<RelabelRegex> RelabelRegex::Make(std::string pattern) {
  if (pattern.size() > kMaxBytes) return base::Invalid("the regular expression is longer than 64 KiB");
  auto compiled = Compile(pattern);
  if (!compiled->ok()) {
    return base::Invalid("invalid regular expression " + base::Quote(pattern) + ": " + compiled->error());
  }
  RelabelRegex regex;
  regex.pattern_ = std::move(pattern);
  regex.regex_ = std::move(compiled);
  return regex;
}

bool RelabelRegex::Matches(std::string_view text) const { return re2::RE2::FullMatch(Piece(text), *regex_); }

std::optional<std::vector<std::string>> RelabelRegex::Expand(std::string_view subject,
                                                             std::initializer_list<std::string_view> templates) const {
  std::vector<re2::StringPiece> groups(static_cast<size_t>(regex_->NumberOfCapturingGroups()) + 1);
  const bool matches = regex_->Match(Piece(subject), 0, subject.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                                     static_cast<int>(groups.size()));
  if (!matches) return std::nullopt;
  std::vector<std::string> filled;
  for (const std::string_view form : templates) filled.push_back(FillTemplate(form, *regex_, groups));
  return filled;
}

bool Relabel(std::span<const RelabelConfig> steps, base::LabelsBuilder& labels) {
  return std::ranges::all_of(steps, [&](const RelabelConfig& step) { return Apply(step, labels); });
}

std::optional<base::Labels> Relabel(std::span<const RelabelConfig> steps, const base::Labels& labels) {
  base::LabelsBuilder builder(labels);
  if (!Relabel(steps, builder)) return std::nullopt;
  return builder.Build();
}

}  // namespace ingest
