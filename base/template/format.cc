#include "base/template/format.h"

#include <algorithm>
#include <utility>

#include "base/template/value_printer.h"
#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;

constexpr int kTooLarge = 1'000'000;  // widths and precisions beyond are refused, as in Go

// Reads a format string and prints operands by it.
class Formatter {
 public:
  Formatter(std::string_view format, std::span<const TemplateValue> arguments)
      : format_(format), arguments_(arguments) {}

  std::string Run() && {
    while (at_ < format_.size() && !printer_.Full()) {
      const size_t percent = std::min(format_.find('%', at_), format_.size());
      printer_.Text(format_.substr(at_, percent - at_));
      at_ = percent + 1;
      if (percent < format_.size()) Directive();
    }
    if (!reordered_ && next_ < arguments_.size()) Extra();
    return std::move(printer_).Take();
  }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  bool At(char c) const { return at_ < format_.size() && format_[at_] == c; }

  std::optional<int> Number() {
    if (at_ >= format_.size() || !IsDigit(format_[at_])) return std::nullopt;
    int64_t value = 0;
    for (; at_ < format_.size() && IsDigit(format_[at_]); ++at_)
      value = std::min<int64_t>(value * 10 + (format_[at_] - '0'), kTooLarge + 1);
    return static_cast<int>(value);
  }

  // "[n]": which argument is next.
  void ArgumentIndex() {
    if (!At('[')) return;
    reordered_ = true;
    const size_t close = format_.find(']', at_);
    const auto index =
        close == std::string_view::npos ? std::nullopt : ParseInteger(format_.substr(at_ + 1, close - at_ - 1));
    at_ = close == std::string_view::npos ? at_ + 1 : close + 1;
    if (!index || *index < 1 || *index > static_cast<int64_t>(arguments_.size())) {
      good_index_ = false;
    } else {
      next_ = static_cast<size_t>(*index - 1);
    }
    after_index_ = true;
  }

  // The value of a '*'; nullopt if it makes none.
  std::optional<int> Star() {
    ++at_;
    after_index_ = false;
    if (next_ >= arguments_.size()) return std::nullopt;
    const TemplateValue& value = arguments_[next_++];
    if (value.kind() != Kind::integer || std::abs(value.integer()) > kTooLarge) return std::nullopt;
    return static_cast<int>(value.integer());
  }

  void Flags(FormatSpec& spec) {
    for (; at_ < format_.size(); ++at_) {
      switch (format_[at_]) {
        case '-':
          spec.minus = true;
          break;
        case '+':
          spec.plus = true;
          break;
        case '#':
          spec.sharp = true;
          break;
        case ' ':
          spec.space = true;
          break;
        case '0':
          spec.zero = true;
          break;
        default:
          return;
      }
    }
  }

  void Width(FormatSpec& spec) {
    ArgumentIndex();
    if (At('*')) {
      spec.width = Star();
      if (!spec.width) printer_.Text("%!(BADWIDTH)");
      if (spec.width && *spec.width < 0) {
        spec.width = -*spec.width;
        spec.minus = true;
      }
      return;
    }
    spec.width = Number();
    if (spec.width && after_index_) good_index_ = false;
    if (spec.width && *spec.width > kTooLarge) {
      spec.width.reset();
      printer_.Text("%!(BADWIDTH)");
    }
  }

  void Precision(FormatSpec& spec) {
    if (!At('.')) return;
    ++at_;
    if (after_index_) good_index_ = false;
    ArgumentIndex();
    if (At('*')) {
      spec.precision = Star();
      if (spec.precision && *spec.precision < 0) spec.precision.reset();
      if (!spec.precision) printer_.Text("%!(BADPREC)");
      return;
    }
    spec.precision = Number().value_or(0);
    if (*spec.precision > kTooLarge) {
      spec.precision.reset();
      printer_.Text("%!(BADPREC)");
    }
  }

  void Directive() {
    FormatSpec spec;
    after_index_ = false;
    good_index_ = true;
    Flags(spec);
    Width(spec);
    Precision(spec);
    if (!after_index_) ArgumentIndex();
    if (at_ >= format_.size()) return printer_.Text("%!(NOVERB)");
    spec.verb = Utf8Prefix(format_.substr(at_), 1);
    at_ += spec.verb.size();
    if (spec.verb == "%") return printer_.Text("%");
    if (!good_index_) return printer_.Text("%!" + spec.verb + "(BADINDEX)");
    if (next_ >= arguments_.size()) return printer_.Text("%!" + spec.verb + "(MISSING)");
    const TemplateValue& value = arguments_[next_++];
    if (spec.verb == "v") {
      spec.go_syntax = std::exchange(spec.sharp, false);
      spec.field_names = std::exchange(spec.plus, false);
    }
    printer_.Value(value, spec);
  }

  void Extra() {
    printer_.Text("%!(EXTRA ");
    for (size_t i = next_; i < arguments_.size(); ++i) {
      if (i > next_) printer_.Text(", ");
      if (arguments_[i].IsNil()) {
        printer_.Text("<nil>");
        continue;
      }
      printer_.Text(arguments_[i].TypeName() + "=");
      printer_.Value(arguments_[i], FormatSpec{});
    }
    printer_.Text(")");
  }

  std::string_view format_;
  std::span<const TemplateValue> arguments_;
  ValuePrinter printer_;
  size_t at_ = 0;
  size_t next_ = 0;
  bool reordered_ = false;
  bool after_index_ = false;
  bool good_index_ = true;
};

}  // namespace

std::string GoSprintf(std::string_view format, std::span<const TemplateValue> arguments) {
  return Formatter(format, arguments).Run();
}

std::string GoSprint(std::span<const TemplateValue> arguments) {
  ValuePrinter printer;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool after_text = i == 0 || arguments[i - 1].kind() == Kind::text;
    if (!after_text && arguments[i].kind() != Kind::text) printer.Text(" ");
    printer.Value(arguments[i], FormatSpec{});
  }
  return std::move(printer).Take();
}

std::string GoSprintln(std::span<const TemplateValue> arguments) {
  ValuePrinter printer;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) printer.Text(" ");
    printer.Value(arguments[i], FormatSpec{});
  }
  printer.Text("\n");
  return std::move(printer).Take();
}

std::string GoFormat(const TemplateValue& value) {
  ValuePrinter printer;
  printer.Value(value, FormatSpec{});
  return std::move(printer).Take();
}

}  // namespace base
