#include "base/template/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;

constexpr int kTooLarge = 1'000'000;  // widths and precisions beyond are refused, as in Go

struct Spec {
  bool minus = false;
  bool plus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  bool go_syntax = false;    // %#v
  bool field_names = false;  // %+v
  std::optional<int> width{};
  std::optional<int> precision{};
  std::string verb = "v";  // one code point
  char Verb() const { return verb.size() == 1 ? verb[0] : '\0'; }
};

std::string EncodeUtf8(int64_t code_point) {
  std::string text;
  base::AppendUtf8(text, code_point < 0 || code_point > 0x10FFFF ? 0xFFFD : static_cast<uint32_t>(code_point));
  return text;
}

class Printer {
 public:
  void Text(std::string_view text) {
    if (out_.size() <= kMaxTemplateText) out_.append(text.substr(0, kMaxTemplateText + 1 - out_.size()));
  }
  void Value(const TemplateValue& value, const Spec& spec, bool nested = false);
  bool Full() const { return out_.size() > kMaxTemplateText; }
  std::string Take() && { return std::move(out_); }

 private:
  void Pad(std::string_view text, const Spec& spec);
  void PadNumber(std::string_view sign, std::string_view digits, const Spec& spec);
  void Integer(int64_t value, const Spec& spec, const TemplateValue& whole);
  void IntegerInBase(int64_t value, int base, bool upper, const Spec& spec);
  void Real(double value, const Spec& spec, const TemplateValue& whole);
  void String(std::string_view text, const Spec& spec, const TemplateValue& whole);
  void Hex(std::string_view bytes, const Spec& spec);
  void List(const TemplateValue& value, const Spec& spec);
  void Map(const TemplateValue& value, const Spec& spec);
  void Object(const TemplateValue& value, const Spec& spec);
  void GoSyntaxList(const TemplateValue& value, const Spec& spec);
  void BadVerb(const TemplateValue& value, const Spec& spec);

  std::string out_;
};

void Printer::Pad(std::string_view text, const Spec& spec) {
  const auto length = static_cast<int>(Utf8Length(text));
  const std::string filling(static_cast<size_t>(std::max(0, spec.width.value_or(0) - length)),
                            spec.zero && !spec.minus ? '0' : ' ');
  if (!spec.minus) Text(filling);
  Text(text);
  if (spec.minus) Text(filling);
}

void Printer::PadNumber(std::string_view sign, std::string_view digits, const Spec& spec) {
  Spec plain = spec;
  plain.zero = false;
  if (!spec.zero || spec.minus || !spec.width) return Pad(fmt::format("{}{}", sign, digits), plain);
  const int missing = *spec.width - static_cast<int>(sign.size() + digits.size());
  Text(fmt::format("{}{}{}", sign, std::string(static_cast<size_t>(std::max(0, missing)), '0'), digits));
}

void Printer::BadVerb(const TemplateValue& value, const Spec& spec) {
  Text("%!" + spec.verb + "(");
  if (value.IsNil()) {
    Text("<nil>");
  } else {
    Text(value.TypeName() + "=");
    Spec plain = spec;
    plain.verb = "v";
    Value(value, plain);
  }
  Text(")");
}

std::string_view Sign(bool negative, const Spec& spec) {
  if (negative) return "-";
  if (spec.plus) return "+";
  return spec.space ? " " : "";
}

void Printer::IntegerInBase(int64_t value, int base, bool upper, const Spec& spec) {
  const bool negative = value < 0;
  const uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  std::array<char, 72> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, base).ptr;
  std::string digits(buffer.data(), end);
  if (upper)
    std::ranges::transform(digits, digits.begin(),
                           [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c; });
  if (spec.precision == 0 && value == 0) digits.clear();
  if (spec.precision && static_cast<int>(digits.size()) < *spec.precision) {
    digits.insert(0, static_cast<size_t>(*spec.precision) - digits.size(), '0');
  }
  std::string prefix(Sign(negative, spec));
  if (spec.Verb() == 'O') prefix += "0o";
  // zeros fill up to the width before "0o" comes in front of them
  if (spec.Verb() == 'O' && spec.zero && !spec.minus && spec.width && !spec.precision) {
    const size_t wanted =
        static_cast<size_t>(*spec.width) - std::min<size_t>(static_cast<size_t>(*spec.width), prefix.size() - 2);
    if (digits.size() < wanted) digits.insert(0, wanted - digits.size(), '0');
  }
  if (spec.sharp && base == 16) prefix += upper ? "0X" : "0x";
  if (spec.sharp && base == 8 && !digits.starts_with('0')) prefix += "0";
  if (spec.sharp && base == 2) prefix += "0b";
  Spec padded = spec;
  if (spec.precision) padded.zero = false;
  PadNumber(prefix, digits, padded);
}

void Printer::Integer(int64_t value, const Spec& spec, const TemplateValue& whole) {
  switch (spec.Verb()) {
    case 'v':
    case 'd':
      return IntegerInBase(value, 10, false, spec);
    case 'b':
      return IntegerInBase(value, 2, false, spec);
    case 'o':
    case 'O':
      return IntegerInBase(value, 8, false, spec);
    case 'x':
      return IntegerInBase(value, 16, false, spec);
    case 'X':
      return IntegerInBase(value, 16, true, spec);
    case 'c':
      return Pad(EncodeUtf8(value), spec);
    case 'q': {
      const std::string quoted = Quote(EncodeUtf8(value));
      std::string inside = quoted.substr(1, quoted.size() - 2);
      if (inside == "'") inside = "\\'";
      if (inside == "\\\"") inside = "\"";
      return Pad("'" + inside + "'", spec);
    }
    case 'U': {
      const std::string code = fmt::format("U+{:04X}", static_cast<uint64_t>(value));
      const bool shows_character = spec.sharp && value >= 0x20 && value <= 0x10FFFF;
      Spec plain = spec;
      plain.zero = false;
      return Pad(shows_character ? fmt::format("{} '{}'", code, EncodeUtf8(value)) : code, plain);
    }
    default:
      return BadVerb(whole, spec);
  }
}

void Printer::Real(double value, const Spec& spec, const TemplateValue& whole) {
  char verb = spec.Verb();
  int precision = spec.precision.value_or(-1);
  switch (verb) {
    case 'v':
      verb = 'g';
      break;
    case 'F':
      verb = 'f';
      [[fallthrough]];
    case 'e':
    case 'E':
    case 'f':
      precision = spec.precision.value_or(6);
      break;
    case 'g':
    case 'G':
    case 'x':
    case 'X':
      break;
    default:
      return BadVerb(whole, spec);
  }
  std::string digits = GoFormatFloat(std::fabs(value), verb, precision);
  const bool negative = std::signbit(value) && !std::isnan(value);
  Spec padded = spec;
  if (!std::isfinite(value)) {
    padded.zero = false;
    digits = std::isnan(value) ? "NaN" : "Inf";
    // an infinity shows its sign in any case
    if (std::isinf(value)) return PadNumber(negative ? "-" : spec.space && !spec.plus ? " " : "+", digits, padded);
  }
  PadNumber(Sign(negative, spec), digits, padded);
}

void Printer::Hex(std::string_view bytes, const Spec& spec) {
  if (spec.precision) bytes = bytes.substr(0, static_cast<size_t>(*spec.precision));
  const bool upper = spec.Verb() == 'X';
  const std::string_view mark = upper ? "0X" : "0x";
  std::string text = spec.sharp && !spec.space && !bytes.empty() ? std::string(mark) : "";
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (spec.space && i > 0) text += ' ';
    if (spec.space && spec.sharp) text += mark;
    const auto byte = static_cast<unsigned char>(bytes[i]);
    text += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
  }
  Pad(text, spec);
}

void Printer::String(std::string_view text, const Spec& spec, const TemplateValue& whole) {
  const std::string_view cut = spec.precision ? Utf8Prefix(text, static_cast<size_t>(*spec.precision)) : text;
  switch (spec.Verb()) {
    case 'v':
      return spec.go_syntax ? Pad(Quote(text), spec) : Pad(cut, spec);
    case 's':
      return Pad(cut, spec);
    case 'x':
    case 'X':
      return Hex(text, spec);
    case 'q': {
      const bool raw =
          spec.sharp && IsValidUtf8(cut) && cut.find('`') == std::string_view::npos &&
          std::ranges::none_of(cut, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
      return Pad(raw ? fmt::format("`{}`", cut) : Quote(cut), spec);
    }
    default:
      return BadVerb(whole, spec);
  }
}

void Printer::GoSyntaxList(const TemplateValue& value, const Spec& spec) {
  Text(value.TypeName() + "{");
  bool first = true;
  const auto separate = [&] {
    if (!first) Text(", ");
    first = false;
  };
  if (value.kind() == Kind::list) {
    for (const TemplateValue& item : value.list()) {
      separate();
      Value(item, spec, true);
    }
  } else if (value.kind() == Kind::map) {
    for (const auto& [key, item] : value.map()) {
      separate();
      Text(Quote(key) + ":");
      Value(item, spec, true);
    }
  } else {
    for (const auto& [name, item] : value.fields()) {
      separate();
      Text(name + ":");
      Value(item, spec, true);
    }
  }
  Text("}");
}

void Printer::List(const TemplateValue& value, const Spec& spec) {
  if (spec.go_syntax) return GoSyntaxList(value, spec);
  Text("[");
  for (size_t i = 0; i < value.list().size() && !Full(); ++i) {
    if (i > 0) Text(" ");
    Value(value.list()[i], spec, true);
  }
  Text("]");
}

void Printer::Map(const TemplateValue& value, const Spec& spec) {
  if (spec.go_syntax) return GoSyntaxList(value, spec);
  Text("map[");
  bool first = true;
  for (const auto& [key, item] : value.map()) {
    if (Full()) return;
    if (!first) Text(" ");
    first = false;
    Value(key, spec, true);
    Text(":");
    Value(item, spec, true);
  }
  Text("]");
}

void Printer::Object(const TemplateValue& value, const Spec& spec) {
  if (spec.go_syntax) return GoSyntaxList(value, spec);
  Text("{");
  bool first = true;
  for (const auto& [name, item] : value.fields()) {
    if (Full()) return;
    if (!first) Text(" ");
    first = false;
    if (spec.field_names) Text(name + ":");
    Value(item, spec, true);
  }
  Text("}");
}

void Printer::Value(const TemplateValue& value, const Spec& spec, bool nested) {
  const char verb = spec.Verb();
  if (verb == 'T') return Pad(value.IsNil() ? "<nil>" : value.TypeName(), spec);
  switch (value.kind()) {
    case Kind::nil:
      if (spec.go_syntax) return Text(nested ? "interface {}(nil)" : "<nil>");
      return verb == 'v' ? Pad("<nil>", spec) : nested ? Text("<nil>") : BadVerb(value, spec);
    case Kind::boolean:
      return verb == 't' || verb == 'v' ? Pad(value.boolean() ? "true" : "false", spec) : BadVerb(value, spec);
    case Kind::integer:
      return Integer(value.integer(), spec, value);
    case Kind::real:
      return Real(value.real(), spec, value);
    case Kind::text:
      return String(value.text(), spec, value);
    case Kind::time:
      return String(GoPrintTime(value.time()), spec, value);
    case Kind::duration:
      if (verb == 'v' || verb == 's' || verb == 'q') return String(GoPrintDuration(value.duration()), spec, value);
      return Integer(value.duration(), spec, value);
    case Kind::list:
      return List(value, spec);
    case Kind::map:
      return Map(value, spec);
    case Kind::object:
      return Object(value, spec);
  }
}

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

  void Flags(Spec& spec) {
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

  void Width(Spec& spec) {
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

  void Precision(Spec& spec) {
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
    Spec spec;
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
      printer_.Value(arguments_[i], Spec{});
    }
    printer_.Text(")");
  }

  std::string_view format_;
  std::span<const TemplateValue> arguments_;
  Printer printer_;
  size_t at_ = 0;
  size_t next_ = 0;
  bool reordered_ = false;
  bool after_index_ = false;
  bool good_index_ = true;
};

}  // namespace

std::string GoFormatFloat(double value, char verb, int precision) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 64> small{};
  if (verb == 'x' || verb == 'X') {
    const double magnitude = std::fabs(value);
    const auto end =
        precision < 0 ? std::to_chars(small.data(), small.data() + small.size(), magnitude, std::chars_format::hex).ptr
                      : std::to_chars(small.data(), small.data() + small.size(), magnitude, std::chars_format::hex,
                                      std::min(precision, 40))
                            .ptr;
    std::string text(small.data(), end);
    if (const size_t p = text.find('p'); text.size() - p == 3) text.insert(p + 2, "0");
    text.insert(0, std::signbit(value) ? "-0x" : "0x");
    if (verb == 'X')
      std::ranges::transform(text, text.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
  }
  if (precision >= 0) {
    const char format[] = {'%', '.', '*', verb, '\0'};
    const int length = std::snprintf(nullptr, 0, format, precision, value);
    std::string text(static_cast<size_t>(length) + 1, '\0');
    std::snprintf(text.data(), text.size(), format, precision, value);
    text.pop_back();
    return text;
  }
  std::array<char, 400> buffer{};
  const auto shortest = [&](std::chars_format form) {
    return std::string(buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, form).ptr);
  };
  if (verb == 'f') return shortest(std::chars_format::fixed);
  std::string text = shortest(std::chars_format::scientific);
  // the exponent form is for numbers below 1e-4 and from 1e6
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  if (verb == 'g' || verb == 'G') {
    if (value == 0 || (exponent >= -4 && exponent < 6)) text = shortest(std::chars_format::fixed);
  }
  if (verb == 'E' || verb == 'G') std::ranges::replace(text, 'e', 'E');
  return text;
}

std::string GoSprintf(std::string_view format, std::span<const TemplateValue> arguments) {
  return Formatter(format, arguments).Run();
}

std::string GoSprint(std::span<const TemplateValue> arguments) {
  Printer printer;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const bool after_text = i == 0 || arguments[i - 1].kind() == Kind::text;
    if (!after_text && arguments[i].kind() != Kind::text) printer.Text(" ");
    printer.Value(arguments[i], Spec{});
  }
  return std::move(printer).Take();
}

std::string GoSprintln(std::span<const TemplateValue> arguments) {
  Printer printer;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (i > 0) printer.Text(" ");
    printer.Value(arguments[i], Spec{});
  }
  printer.Text("\n");
  return std::move(printer).Take();
}

std::string GoFormat(const TemplateValue& value) {
  Printer printer;
  printer.Value(value, Spec{});
  return std::move(printer).Take();
}

}  // namespace base
