#include "base/template/value_printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;

std::string EncodeUtf8(int64_t code_point) {
  std::string text;
  base::AppendUtf8(text, code_point < 0 || code_point > 0x10FFFF ? 0xFFFD : static_cast<uint32_t>(code_point));
  return text;
}

std::string_view Sign(bool negative, const FormatSpec& spec) {
  if (negative) return "-";
  if (spec.plus) return "+";
  return spec.space ? " " : "";
}

}  // namespace

void ValuePrinter::Pad(std::string_view text, const FormatSpec& spec) {
  const auto length = static_cast<int>(Utf8Length(text));
  const std::string filling(static_cast<size_t>(std::max(0, spec.width.value_or(0) - length)),
                            spec.zero && !spec.minus ? '0' : ' ');
  if (!spec.minus) Text(filling);
  Text(text);
  if (spec.minus) Text(filling);
}

void ValuePrinter::PadNumber(std::string_view sign, std::string_view digits, const FormatSpec& spec) {
  FormatSpec plain = spec;
  plain.zero = false;
  if (!spec.zero || spec.minus || !spec.width) return Pad(fmt::format("{}{}", sign, digits), plain);
  const int missing = *spec.width - static_cast<int>(sign.size() + digits.size());
  Text(fmt::format("{}{}{}", sign, std::string(static_cast<size_t>(std::max(0, missing)), '0'), digits));
}

void ValuePrinter::BadVerb(const TemplateValue& value, const FormatSpec& spec) {
  Text("%!" + spec.verb + "(");
  if (value.IsNil()) {
    Text("<nil>");
  } else {
    Text(value.TypeName() + "=");
    FormatSpec plain = spec;
    plain.verb = "v";
    Value(value, plain);
  }
  Text(")");
}

void ValuePrinter::IntegerInBase(int64_t value, int base, bool upper, const FormatSpec& spec) {
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
  FormatSpec padded = spec;
  if (spec.precision) padded.zero = false;
  PadNumber(prefix, digits, padded);
}

void ValuePrinter::Integer(int64_t value, const FormatSpec& spec, const TemplateValue& whole) {
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
      FormatSpec plain = spec;
      plain.zero = false;
      return Pad(shows_character ? fmt::format("{} '{}'", code, EncodeUtf8(value)) : code, plain);
    }
    default:
      return BadVerb(whole, spec);
  }
}

void ValuePrinter::Real(double value, const FormatSpec& spec, const TemplateValue& whole) {
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
  FormatSpec padded = spec;
  if (!std::isfinite(value)) {
    padded.zero = false;
    digits = std::isnan(value) ? "NaN" : "Inf";
    // an infinity shows its sign in any case
    if (std::isinf(value)) return PadNumber(negative ? "-" : spec.space && !spec.plus ? " " : "+", digits, padded);
  }
  PadNumber(Sign(negative, spec), digits, padded);
}

void ValuePrinter::Hex(std::string_view bytes, const FormatSpec& spec) {
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

void ValuePrinter::String(std::string_view text, const FormatSpec& spec, const TemplateValue& whole) {
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

void ValuePrinter::GoSyntaxList(const TemplateValue& value, const FormatSpec& spec) {
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

void ValuePrinter::List(const TemplateValue& value, const FormatSpec& spec) {
  if (spec.go_syntax) return GoSyntaxList(value, spec);
  Text("[");
  for (size_t i = 0; i < value.list().size() && !Full(); ++i) {
    if (i > 0) Text(" ");
    Value(value.list()[i], spec, true);
  }
  Text("]");
}

void ValuePrinter::Map(const TemplateValue& value, const FormatSpec& spec) {
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

void ValuePrinter::Object(const TemplateValue& value, const FormatSpec& spec) {
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

void ValuePrinter::Value(const TemplateValue& value, const FormatSpec& spec, bool nested) {
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

}  // namespace base
