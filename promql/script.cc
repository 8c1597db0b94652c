#include "promql/script.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "base/text.h"
#include "promql/lexer.h"
#include "promql/parser.h"

namespace promql {
namespace {

// The first word of a text, which is moved behind it and the space that follows.
std::string_view TakeWord(std::string_view& text) {
  text = base::Trim(text);
  const size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = base::Trim(text.substr(end));
  return word;
}

base::Timestamp At(base::Duration offset) { return base::Timestamp(offset); }

class ScriptReader {
 public:
  // Comments become empty lines, and those end a block.
  explicit ScriptReader(std::string_view text) {
    for (std::string_view line : base::Split(text, '\n')) {
      line = base::Trim(line);
      lines_.push_back(line.starts_with('#') ? std::string_view() : line);
    }
  }

  base::Result<std::vector<ScriptCommand>> Read() {
    std::vector<ScriptCommand> commands;
    for (; at_ < lines_.size(); ++at_) {
      if (lines_[at_].empty()) continue;
      auto command = Command();
      if (!command) return Locate(std::move(command).error());
      commands.push_back(std::move(*command));
    }
    return commands;
  }

 private:
  std::unexpected<base::Error> Locate(const base::Error& error) const {
    std::string message = error.where ? ErrorText(error) : error.message;
    return std::unexpected(
        base::Error{error.code, std::move(message), base::SourcePosition{"", static_cast<int>(at_) + 1, 1}});
  }

  base::Result<ScriptCommand> Command() {
    std::string_view rest = lines_[at_];
    const std::string word = base::ToLower(TakeWord(rest));
    if (word == "clear") return ScriptCommand(ClearCommand{});
    if (word.starts_with("load")) return Load(word, rest);
    if (word.starts_with("eval")) return Eval(word, rest);
    return base::Invalid(fmt::format("invalid command {}", base::Quote(lines_[at_])));
  }

  // The next line of the block, if it has one more; at_ moves to it.
  std::optional<std::string_view> NextLine() {
    if (at_ + 1 >= lines_.size() || lines_[at_ + 1].empty()) return std::nullopt;
    return lines_[++at_];
  }

  base::Result<ScriptCommand> Load(std::string_view word, std::string_view rest) {
    LoadCommand load;
    load.with_custom_buckets = word == "load_with_nhcb";
    if (word != "load" && !load.with_custom_buckets) {
      return base::Invalid("invalid load command. (load[_with_nhcb] <step:duration>)");
    }
    TRY(load.interval, base::ParseDuration(rest));
    std::optional<LoadCommand::Series> starts;  // of an @st line, for the series that follows
    while (const auto line = NextLine()) {
      const std::string_view head = line->substr(0, line->find_first_of(" \t"));
      if (head.ends_with("@st")) {
        if (starts) return base::Invalid("@st line has no following sample line");
        TRY(starts, StartTimes(head.substr(0, head.size() - 3), line->substr(head.size())));
        continue;
      }
      LoadCommand::Series series;
      TRY(series.noted, ParseNotedSeries(*line));
      if (starts) {
        if (starts->noted.labels != series.noted.labels) {
          return base::Invalid("@st metric does not match the following sample line metric");
        }
        if (starts->starts.size() != series.noted.values.size()) {
          return base::Invalid(fmt::format("@st line has {} values but sample line has {}", starts->starts.size(),
                                           series.noted.values.size()));
        }
        series.starts = std::move(starts->starts);
        starts.reset();
      }
      load.series.push_back(std::move(series));
    }
    if (starts) return base::Invalid("@st line has no following sample line");
    return ScriptCommand(std::move(load));
  }

  base::Result<LoadCommand::Series> StartTimes(std::string_view metric, std::string_view items) {
    LoadCommand::Series series;
    TRY(series.noted.labels, ParseMetric(metric));
    while (!base::Trim(items).empty()) {
      TRY_VOID(StartTimeItem(TakeWord(items), series.starts));
    }
    return series;
  }

  // `_`, `_xN`, `D`, `DxN`, `D+DxN`, `D-DxN`, with D a duration that may be negative.
  base::Result<void> StartTimeItem(std::string_view item, std::vector<std::optional<base::Duration>>& starts) {
    const auto invalid = [&] { return base::Invalid(fmt::format("invalid @st item {}", base::Quote(item))); };
    const size_t times = item.rfind('x');
    int64_t count = 0;
    if (times != std::string_view::npos) {
      const auto number = base::ParseInteger(item.substr(times + 1));
      if (!number || *number < 0 || static_cast<size_t>(*number) > kMaxNotedValues) return invalid();
      count = *number;
    }
    std::string_view rest = item.substr(0, times);
    if (rest == "_") {
      starts.insert(starts.end(), static_cast<size_t>(times == std::string_view::npos ? 1 : count), std::nullopt);
      return {};
    }
    TRY(base::Duration start, SignedDuration(rest));
    base::Duration change{0};
    if (!rest.empty()) {
      TRY(change, SignedDuration(rest));
    }
    if (!rest.empty()) return invalid();
    for (int64_t i = 0; i <= count; ++i, start += change) starts.emplace_back(start);
    return {};
  }

  static base::Result<base::Duration> SignedDuration(std::string_view& text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    const size_t end = std::min(text.find_first_of("+-"), text.size());
    TRY(const base::Duration duration, base::ParseDuration(text.substr(0, end)));
    text.remove_prefix(end);
    return negative ? -duration : duration;
  }

  base::Result<ScriptCommand> Eval(std::string_view word, std::string_view rest) {
    EvalCommand eval;
    eval.line = static_cast<int>(at_) + 1;
    const std::string_view kind = TakeWord(rest);
    if (kind == "instant") {
      TRY_VOID(InstantTimes(eval, rest));
    } else if (kind == "range") {
      TRY_VOID(RangeTimes(eval, rest));
    } else {
      return base::Invalid("an eval command is 'eval instant [at T] EXPR' or 'eval range from T to T step T EXPR'");
    }
    eval.text = rest;
    TRY(eval.expr, Parse(rest, ScriptEngineOptions().parse));
    const std::string_view suffix = word.substr(std::min<size_t>(word.size(), 5));
    if (suffix == "ordered") eval.ordered = true;
    TRY_VOID(Suffix(eval, suffix));
    TRY_VOID(Results(eval));
    return ScriptCommand(std::move(eval));
  }

  // The old way of saying what to expect: eval_fail and the like.
  static base::Result<void> Suffix(EvalCommand& eval, std::string_view suffix) {
    if (suffix.empty() || suffix == "ordered") return {};
    TRY(Expectation any, Expectation::Make("", ""));
    if (suffix == "fail") {
      eval.failure = std::move(any);
    } else if (suffix == "warn") {
      eval.warnings.push_back(std::move(any));
    } else if (suffix == "info") {
      eval.infos.push_back(std::move(any));
    } else {
      return base::Invalid(fmt::format("invalid command \"eval_{}\"", suffix));
    }
    return {};
  }

  static base::Result<void> InstantTimes(EvalCommand& eval, std::string_view& rest) {
    if (rest.starts_with("at ") || rest.starts_with("at\t")) {
      TakeWord(rest);
      TRY(const base::Duration offset, base::ParseDuration(TakeWord(rest)));
      eval.instant = At(offset);
    }
    eval.start = eval.end = eval.instant;
    return {};
  }

  static base::Result<void> RangeTimes(EvalCommand& eval, std::string_view& rest) {
    eval.range = true;
    for (const std::string_view part : {"from", "to", "step"}) {
      if (TakeWord(rest) != part) return base::Invalid(fmt::format("\"{}\" expected in a range", part));
      TRY(const base::Duration duration, base::ParseDuration(TakeWord(rest)));
      if (part == "from") eval.start = At(duration);
      if (part == "to") eval.end = At(duration);
      if (part == "step") eval.step = duration;
    }
    if (eval.end < eval.start) return base::Invalid("invalid test definition, the end is before the start");
    return {};
  }

  base::Result<void> Results(EvalCommand& eval) {
    while (const auto line = NextLine()) {
      std::string_view rest = *line;
      const std::string_view word = TakeWord(rest);
      if (word == "expect") {
        TRY_VOID(Expect(eval, rest));
        continue;
      }
      if (eval.failure && (word == "expected_fail_message" || word == "expected_fail_regexp")) {
        const bool message = word == "expected_fail_message";
        TRY(eval.failure, Expectation::Make(message ? "msg" : "regex", std::string(rest)));
        return {};
      }
      if (const auto number = base::ParseFloat(*line)) {
        eval.scalar = number;
        return {};
      }
      TRY(NotedSeries series, ParseNotedSeries(*line));
      if (series.values.size() > 1 && !eval.range && !eval.range_vector) {
        return base::Invalid(
            "expecting multiple values in instant evaluation not allowed. consider using 'expect "
            "range vector' directive to enable a range vector result for an instant query");
      }
      eval.series.push_back(std::move(series));
    }
    return {};
  }

  base::Result<void> Expect(EvalCommand& eval, std::string_view rest) {
    const std::string_view what = TakeWord(rest);
    if (what == "string") {
      if (rest.size() < 2) return base::Invalid("expected string literal not valid");
      eval.string = Unquote(rest);
      return {};
    }
    if (what == "range") return ExpectRangeVector(eval, rest);
    const size_t colon = rest.find(':');
    const std::string_view kind = colon == std::string_view::npos ? rest : rest.substr(0, colon);
    std::string text(colon == std::string_view::npos ? "" : base::Trim(rest.substr(colon + 1)));
    TRY(Expectation expectation, Expectation::Make(kind, std::move(text)));
    if (what == "ordered") {
      eval.ordered = true;
    } else if (what == "fail") {
      if (eval.failure) return base::Invalid("invalid expect lines, multiple expect fail lines are not allowed");
      eval.failure = std::move(expectation);
    } else if (what == "warn") {
      eval.warnings.push_back(std::move(expectation));
    } else if (what == "info") {
      eval.infos.push_back(std::move(expectation));
    } else if (what == "no_warn") {
      eval.no_warnings = true;
    } else if (what == "no_info") {
      eval.no_infos = true;
    } else {
      return base::Invalid(fmt::format("invalid expected error/annotation type {}", what));
    }
    const bool contradiction = (eval.no_warnings && !eval.warnings.empty()) || (eval.no_infos && !eval.infos.empty());
    if (contradiction) return base::Invalid("invalid expect lines, something and its absence cannot both be expected");
    return {};
  }

  static base::Result<void> ExpectRangeVector(EvalCommand& eval, std::string_view rest) {
    if (TakeWord(rest) != "vector") return base::Invalid("invalid range vector definition");
    TRY_VOID(RangeTimes(eval, rest));
    eval.range = false;
    eval.range_vector = true;
    eval.instant = eval.end;
    return {};
  }

  std::vector<std::string_view> lines_;
  size_t at_ = 0;
};

}  // namespace

base::Result<Expectation> Expectation::Make(std::string_view kind, std::string text) {
  Expectation expectation;
  expectation.text_ = std::move(text);
  if (kind.empty()) return expectation;
  expectation.literal_ = kind == "msg";
  if (expectation.literal_) return expectation;
  if (kind != "regex") return base::Invalid(fmt::format("invalid token {} in an expect line", kind));
  auto regex = std::make_shared<re2::RE2>(expectation.text_, re2::RE2::Quiet);
  if (!regex->ok()) return base::Invalid(fmt::format("invalid regex {}", expectation.text_));
  expectation.regex_ = std::move(regex);
  return expectation;
}

bool Expectation::Matches(std::string_view text) const {
  if (literal_) return text == text_;
  return !regex_ || re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
}

EngineOptions ScriptEngineOptions() {
  EngineOptions options;
  options.timeout = std::chrono::seconds(100);
  options.delayed_name_removal = true;
  options.parse = {.experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};
  return options;
}

base::Result<std::vector<ScriptCommand>> ParseScript(std::string_view text) { return ScriptReader(text).Read(); }

}  // namespace promql
