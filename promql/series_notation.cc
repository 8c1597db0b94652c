#include "promql/series_notation.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "promql/histogram_math.h"
#include "promql/lexer.h"

namespace promql {
namespace {

using Hint = base::CounterResetHint;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Walks over the values' text.
class NotationReader {
 public:
  explicit NotationReader(std::string_view text) : text_(text) {}

  base::Result<std::vector<NotedRun>> Read() {
    while (SkipSpace(), at_ < text_.size()) {
      TRY_VOID(Item());
      if (at_ < text_.size() && !IsSpace(text_[at_])) return Unexpected();
    }
    return std::move(runs_);
  }

 private:
  std::unexpected<base::Error> Unexpected() const {
    return base::Invalid(fmt::format("unexpected {} in series values",
                                     at_ < text_.size() ? base::Quote(text_.substr(at_, 1)) : "end of input"));
  }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  bool Accept(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  base::Result<void> Item() {
    if (Accept("_")) {
      uint64_t count = 1;
      if (Accept("x")) {
        TRY(count, Count());
      }
      if (count > 0) Append({.omitted = true, .value = 0, .histogram = nullptr, .hint_given = false}, count - 1);
      return {};
    }
    if (Accept("stale")) {
      Append({false, store::StaleMarker(), nullptr, false}, 0);
      return {};
    }
    if (Accept("{{")) return Histograms();
    return Numbers();
  }

  base::Result<void> Numbers() {
    TRY(const double value, Number());
    std::optional<double> step;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) {
      TRY(step, Number());
    }
    uint64_t count = 0;
    if (Accept("x")) {
      TRY(count, Count());
    } else if (step) {
      return Unexpected();
    }
    Append({false, value, nullptr, false}, count);
    runs_.back().step = step.value_or(0);
    return {};
  }

  base::Result<double> Number() {
    const size_t begin = at_;
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool exponent_sign = (c == '+' || c == '-') && at_ > begin && (text_[at_ - 1] | 0x20) == 'e';
      const bool inside = (c >= '0' && c <= '9') || c == '.' || c == '_' || (c >= 'a' && c <= 'w') ||
                          (c >= 'A' && c <= 'Z') || c == 'y';
      if (!inside && !exponent_sign) break;
      ++at_;
    }
    std::string_view word = text_.substr(begin, at_ - begin);
    if (const auto value = base::ParseFloat(word)) return *value;
    const bool negative = word.starts_with('-');
    if (negative || word.starts_with('+')) word.remove_prefix(1);
    if (const auto duration = base::ParseDuration(word); duration && !word.empty()) {
      return base::ToSeconds(*duration) * (negative ? -1 : 1);
    }
    at_ = begin;
    return Unexpected();
  }

  base::Result<uint64_t> Count() {
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    const auto count = base::ParseInteger(text_.substr(begin, at_ - begin));
    if (at_ == begin || !count) return base::Invalid("invalid repetition in series values");
    return static_cast<uint64_t>(*count);
  }

  void Append(NotedValue first, uint64_t more) {
    runs_.push_back({.first = std::move(first), .more = more, .step = 0, .change = nullptr, .subtract = false});
  }

  base::Result<void> Histograms() {
    TRY(const NotedValue first, Histogram());
    if (at_ == text_.size() || (text_[at_] != '+' && text_[at_] != '-')) {
      uint64_t count = 0;
      if (Accept("x")) {
        TRY(count, Count());
      }
      Append(first, count);
      return {};
    }
    const bool subtract = text_[at_++] == '-';
    if (!Accept("{{")) return Unexpected();
    TRY(const NotedValue change, Histogram());
    if (!Accept("x")) return Unexpected();
    TRY(const uint64_t count, Count());
    Append({false, 0, first.histogram, change.hint_given}, count);
    runs_.back().change = change.histogram;
    runs_.back().subtract = subtract;
    return CheckProgression(runs_.back());
  }

  // The first step tells: what it gives has the schema and bounds of all further ones.
  static base::Result<void> CheckProgression(const NotedRun& run) {
    if (run.more == 0) return {};
    const FloatHistogram& first = *run.first.histogram;
    if (first.schema > run.change->schema) {
      return base::Invalid(fmt::format("error combining histograms: cannot merge from schema {} to {}",
                                       run.change->schema, first.schema));
    }
    FloatHistogram next = first;
    const Combined combined = run.subtract ? Subtract(next, *run.change) : Add(next, *run.change);
    if (!combined.compatible) return base::Invalid("error combining histograms: incompatible schemas");
    return {};
  }

  // Behind the opening braces.
  base::Result<NotedValue> Histogram() {
    FloatHistogram h;
    int32_t offset = 0, negative_offset = 0;
    NotedValue value;
    while (SkipSpace(), !Accept("}}")) {
      const size_t begin = at_;
      while (at_ < text_.size() && (text_[at_] == '_' || (text_[at_] >= 'a' && text_[at_] <= 'z'))) ++at_;
      const std::string_view key = text_.substr(begin, at_ - begin);
      if (!Accept(":")) return Unexpected();
      if (key == "counter_reset_hint") {
        TRY(h.counter_reset_hint, ResetHint());
        value.hint_given = true;
      } else if (key == "buckets" || key == "n_buckets" || key == "custom_values") {
        TRY(std::vector<double> list, NumberList());
        (key == "buckets"     ? h.positive_buckets
         : key == "n_buckets" ? h.negative_buckets
                              : h.custom_values) = std::move(list);
      } else {
        TRY(const double number, Number());
        if (key == "schema") {
          h.schema = static_cast<int32_t>(number);
        } else if (key == "offset") {
          offset = static_cast<int32_t>(number);
        } else if (key == "n_offset") {
          negative_offset = static_cast<int32_t>(number);
        } else if (double* field = Field(h, key)) {
          *field = number;
        } else {
          return base::Invalid(fmt::format("bad histogram descriptor found: {}", base::Quote(key)));
        }
      }
    }
    if (!h.positive_buckets.empty()) h.positive_spans = {{offset, static_cast<uint32_t>(h.positive_buckets.size())}};
    if (!h.negative_buckets.empty()) {
      h.negative_spans = {{negative_offset, static_cast<uint32_t>(h.negative_buckets.size())}};
    }
    value.histogram = std::make_shared<const FloatHistogram>(std::move(h));
    return value;
  }

  static double* Field(FloatHistogram& h, std::string_view key) {
    if (key == "sum") return &h.sum;
    if (key == "count") return &h.count;
    if (key == "z_bucket") return &h.zero_count;
    if (key == "z_bucket_w") return &h.zero_threshold;
    return nullptr;
  }

  base::Result<Hint> ResetHint() {
    constexpr std::array<std::pair<std::string_view, Hint>, 4> kHints = {
        {{"unknown", Hint::unknown}, {"reset", Hint::reset}, {"not_reset", Hint::not_reset}, {"gauge", Hint::gauge}}};
    for (const auto& [name, hint] : kHints) {
      if (Accept(name)) return hint;
    }
    return Unexpected();
  }

  base::Result<std::vector<double>> NumberList() {
    if (!Accept("[")) return Unexpected();
    std::vector<double> list;
    while (SkipSpace(), !Accept("]")) {
      TRY(const double number, Number());
      list.push_back(number);
    }
    return list;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<NotedRun> runs_;
};

}  // namespace

void NotedRuns::Begin() {
  fresh_ = true;
  if (run_ == runs_.size()) return;
  value_ = runs_[run_].first;
  left_ = runs_[run_].more;
}

const NotedValue* NotedRuns::Next() {
  if (run_ < runs_.size() && !fresh_ && left_ == 0) {
    ++run_;
    Begin();
  }
  if (run_ == runs_.size()) return nullptr;
  if (std::exchange(fresh_, false)) return &value_;
  --left_;
  const NotedRun& run = runs_[run_];
  value_.value += run.step;
  if (run.change != nullptr) {
    FloatHistogram next = *value_.histogram;
    if (run.subtract) {
      Subtract(next, *run.change);
    } else {
      Add(next, *run.change);
    }
    value_.histogram = std::make_shared<const FloatHistogram>(std::move(next));
  }
  return &value_;
}

base::Result<NotedRuns> ParseNotedRuns(std::string_view text) {
  TRY(std::vector<NotedRun> runs, NotationReader(text).Read());
  return NotedRuns(std::move(runs));
}

base::Result<std::vector<NotedValue>> ParseNotedValues(std::string_view text) {
  TRY(std::vector<NotedRun> read, NotationReader(text).Read());
  size_t total = 0;
  for (const NotedRun& run : read) {
    if (run.more >= kMaxNotedValues - total) return base::Invalid("too many series values");
    total += static_cast<size_t>(run.more) + 1;
  }
  std::vector<NotedValue> values;
  values.reserve(total);
  NotedRuns runs(std::move(read));
  while (const NotedValue* value = runs.Next()) values.push_back(*value);
  return values;
}

base::Result<base::Labels> ParseMetric(std::string_view text, std::string_view* rest) {
  Lexer lexer(text);
  base::LabelsBuilder labels;
  size_t end = 0;
  Token token = lexer.Next();
  const auto unexpected = [&](std::string_view expected) {
    const std::string what = token.kind == TokenKind::error ? lexer.error() : "unexpected " + lexer.Describe(token);
    return base::Invalid(fmt::format("{} in label set, expected {}", what, expected));
  };
  const auto is_word = [&] { return token.kind != TokenKind::error && base::IsLegacyMetricName(lexer.TextOf(token)); };
  bool any = false;
  if (is_word()) {
    labels.Set(base::kMetricName, lexer.TextOf(token));
    end = token.end;
    any = true;
  }
  const std::string_view behind = text.substr(end);
  if (any && !behind.starts_with('{')) {
    if (rest != nullptr) *rest = behind;
    return labels.Build();
  }
  if (any) token = lexer.Next();
  if (token.kind != TokenKind::left_brace) return unexpected("a metric");
  for (token = lexer.Next(); token.kind != TokenKind::right_brace; token = lexer.Next()) {
    const bool quoted = token.kind == TokenKind::string;
    if (!quoted && token.kind != TokenKind::identifier) return unexpected("identifier or \"}\"");
    const std::string name = quoted ? Unquote(lexer.TextOf(token)) : std::string(lexer.TextOf(token));
    token = lexer.Next();
    if (token.kind == TokenKind::assign) {
      token = lexer.Next();
      if (token.kind != TokenKind::string) return unexpected("string");
      labels.Set(name, Unquote(lexer.TextOf(token)));
      token = lexer.Next();
    } else if (quoted) {
      labels.Set(base::kMetricName, name);
    } else {
      return unexpected("\"=\"");
    }
    if (token.kind == TokenKind::right_brace) break;
    if (token.kind != TokenKind::comma) return unexpected("\",\" or \"}\"");
  }
  if (rest != nullptr) *rest = text.substr(token.end);
  return labels.Build();
}

base::Result<NotedSeries> ParseNotedSeries(std::string_view text) {
  NotedSeries series;
  std::string_view rest;
  TRY(series.labels, ParseMetric(text, &rest));
  TRY(series.values, ParseNotedValues(rest));
  return series;
}

}  // namespace promql
