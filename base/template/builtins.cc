#include <fmt/format.h>

#include <array>
#include <cmath>

#include "base/template/format.h"
#include "base/template/tree.h"
#include "base/text.h"

namespace base {
namespace {

using Kind = TemplateValue::Kind;
using Values = std::span<const TemplateValue>;
using enum TemplateParameter;

Result<size_t> IndexOf(const TemplateValue& index, size_t size) {
  if (index.IsNil()) return Invalid("cannot index slice/array with nil");
  if (index.kind() != Kind::integer) return Invalid("cannot index slice/array with type " + index.TypeName());
  if (index.integer() < 0 || index.integer() > static_cast<int64_t>(size)) {
    return Invalid(fmt::format("index out of range: {}", index.integer()));
  }
  return static_cast<size_t>(index.integer());
}

Result<TemplateValue> IndexOnce(const TemplateValue& item, const TemplateValue& index) {
  switch (item.kind()) {
    case Kind::nil:
      return Invalid("index of nil pointer");
    case Kind::list: {
      TRY(const size_t at, IndexOf(index, item.list().size()));
      if (at == item.list().size()) return Invalid("reflect: slice index out of range");
      return item.list()[at];
    }
    case Kind::text: {
      TRY(const size_t at, IndexOf(index, item.text().size()));
      if (at == item.text().size()) return Invalid("reflect: string index out of range");
      return static_cast<int64_t>(static_cast<unsigned char>(item.text()[at]));
    }
    case Kind::map: {
      if (index.IsNil()) return Invalid("value is nil; should be of type string");
      if (index.kind() != Kind::text)
        return Invalid(fmt::format("value has type {}; should be string", index.TypeName()));
      const auto at = item.map().find(index.text());
      if (at != item.map().end()) return at->second;
      return item.IsTextMap() ? TemplateValue("") : TemplateValue();
    }
    default:
      return Invalid("can't index item of type " + item.TypeName());
  }
}

Result<TemplateValue> Index(Values values) {
  if (values[0].IsNil()) return Invalid("index of untyped nil");
  TemplateValue item = values[0];
  for (const TemplateValue& index : values.subspan(1)) {
    TRY(item, IndexOnce(item, index));
  }
  return item;
}

Result<TemplateValue> Slice(Values values) {
  const TemplateValue& item = values[0];
  if (item.IsNil()) return Invalid("slice of untyped nil");
  if (values.size() > 4) return Invalid(fmt::format("too many slice indexes: {}", values.size() - 1));
  if (item.kind() != Kind::text && item.kind() != Kind::list)
    return Invalid("can't slice item of type " + item.TypeName());
  if (item.kind() == Kind::text && values.size() == 4) return Invalid("cannot 3-index slice a string");
  const size_t size = item.kind() == Kind::text ? item.text().size() : item.list().size();
  std::array<size_t, 3> bounds = {0, size, size};
  for (size_t i = 1; i < values.size(); ++i) {
    TRY(bounds[i - 1], IndexOf(values[i], size));
  }
  for (size_t i = 0; i + 1 < bounds.size(); ++i) {
    if (bounds[i] > bounds[i + 1])
      return Invalid(fmt::format("invalid slice index: {} > {}", bounds[i], bounds[i + 1]));
  }
  if (item.kind() == Kind::text) return item.text().substr(bounds[0], bounds[1] - bounds[0]);
  const auto at = [&](size_t i) { return item.list().begin() + static_cast<std::ptrdiff_t>(i); };
  return TemplateValue::List(TemplateList(at(bounds[0]), at(bounds[1])), item.type());
}

Result<TemplateValue> Length(Values values) {
  switch (values[0].kind()) {
    case Kind::nil:
      return Invalid("len of nil pointer");
    case Kind::text:
      return static_cast<int64_t>(values[0].text().size());
    case Kind::list:
      return static_cast<int64_t>(values[0].list().size());
    case Kind::map:
      return static_cast<int64_t>(values[0].map().size());
    default:
      return Invalid("len of type " + values[0].TypeName());
  }
}

// Durations are integers in Go.
Kind BasicKind(const TemplateValue& value) { return value.kind() == Kind::duration ? Kind::integer : value.kind(); }
int64_t WholeNumber(const TemplateValue& value) {
  return value.kind() == Kind::duration ? value.duration() : value.integer();
}

std::unexpected<Error> Incompatible(const TemplateValue& a, const TemplateValue& b) {
  return Invalid(fmt::format("incompatible types for comparison: {} and {}", a.TypeName(), b.TypeName()));
}

Result<bool> Equal(const TemplateValue& a, const TemplateValue& b) {
  if (a.IsNil() || b.IsNil()) return a.IsNil() == b.IsNil();
  if (BasicKind(a) != BasicKind(b)) return Incompatible(a, b);
  switch (BasicKind(a)) {
    case Kind::boolean:
      return a.boolean() == b.boolean();
    case Kind::integer:
      return WholeNumber(a) == WholeNumber(b);
    case Kind::real:
      return a.real() == b.real();
    case Kind::text:
      return a.text() == b.text();
    case Kind::time:
      return a.time().nanoseconds == b.time().nanoseconds;
    default:
      return Invalid(fmt::format("non-comparable type {}: {}", GoFormat(b), b.TypeName()));
  }
}

Result<TemplateValue> EqualToAny(Values values) {
  if (values.size() < 2) return Invalid("missing argument for comparison");
  for (const TemplateValue& other : values.subspan(1)) {
    TRY(const bool same, Equal(values[0], other));
    if (same) return TemplateValue(true);
  }
  return TemplateValue(false);
}

Result<bool> Less(const TemplateValue& a, const TemplateValue& b) {
  const auto ordered = [](Kind kind) { return kind == Kind::integer || kind == Kind::real || kind == Kind::text; };
  const Kind left = BasicKind(a), right = BasicKind(b);
  const bool known = ordered(left) || left == Kind::boolean;
  const bool other_known = ordered(right) || right == Kind::boolean;
  if (!known || !other_known) return Invalid("invalid type for comparison");
  if (left != right) return Incompatible(a, b);
  if (left == Kind::integer) return WholeNumber(a) < WholeNumber(b);
  if (left == Kind::real) return a.real() < b.real();
  if (left == Kind::text) return a.text() < b.text();
  return Invalid("invalid type for comparison");
}

Result<bool> LessOrEqual(const TemplateValue& a, const TemplateValue& b) {
  TRY(const bool less, Less(a, b));
  if (less) return true;
  return Equal(a, b);
}

// A comparison of two values, perhaps the other way round.
TemplateFunction Comparison(Result<bool> (*compare)(const TemplateValue&, const TemplateValue&), bool wanted) {
  return {{any, any}, false, [compare, wanted](Values values) -> Result<TemplateValue> {
            TRY(const bool result, compare(values[0], values[1]));
            return TemplateValue(result == wanted);
          }};
}

// What the escaping functions escape: one text as it is, anything else as print prints it.
std::string Printed(Values values) {
  if (values.size() == 1 && values[0].IsNil()) return "<no value>";
  return values.size() == 1 && values[0].kind() == Kind::text ? values[0].text() : GoSprint(values);
}

std::string EscapeJavaScript(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\\':
        escaped += "\\\\";
        break;
      case '\'':
        escaped += "\\'";
        break;
      case '"':
        escaped += "\\\"";
        break;
      case '<':
      case '>':
      case '&':
      case '=':
        escaped += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          escaped += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
        } else {
          escaped += c;
        }
    }
  }
  return escaped;
}

TemplateFunction Escaping(std::string (*escape)(std::string_view)) {
  return {{any}, true, [escape](Values values) -> Result<TemplateValue> { return escape(Printed(values)); }};
}

std::string EscapeHtmlText(std::string_view text) {
  return ReplaceAll(EscapeHtml(text), std::string_view("\0", 1), "\xEF\xBF\xBD");
}

}  // namespace

const TemplateFunctions& TemplateBuiltins() {
  const auto never = [](Values) -> Result<TemplateValue> { return TemplateValue(); };
  static const TemplateFunctions builtins = {
      // the executor answers these two itself, since they don't look at all their arguments
      {"and", {{any}, true, never}},
      {"or", {{any}, true, never}},
      {"not", {{any}, false, [](Values v) -> Result<TemplateValue> { return TemplateValue(!v[0].IsTrue()); }}},
      {"len", {{any}, false, Length}},
      {"index", {{any, any}, true, Index}},
      {"slice", {{any, any}, true, Slice}},
      {"eq", {{any, any}, true, EqualToAny}},
      {"ne", Comparison(Equal, false)},
      {"lt", Comparison(Less, true)},
      {"le", Comparison(LessOrEqual, true)},
      {"gt", Comparison(LessOrEqual, false)},
      {"ge", Comparison(Less, false)},
      {"print", {{any}, true, [](Values v) -> Result<TemplateValue> { return GoSprint(v); }}},
      {"println", {{any}, true, [](Values v) -> Result<TemplateValue> { return GoSprintln(v); }}},
      {"printf",
       {{text, any}, true, [](Values v) -> Result<TemplateValue> { return GoSprintf(v[0].text(), v.subspan(1)); }}},
      {"html", Escaping(EscapeHtmlText)},
      {"js", Escaping(EscapeJavaScript)},
      {"urlquery", Escaping(EscapeUrlQuery)},
      {"call",
       {{any, any},
        true,
        [](Values v) -> Result<TemplateValue> {
          if (v[0].IsNil()) return Invalid("call of nil");
          return Invalid("non-function of type " + v[0].TypeName());
        }}},
  };
  return builtins;
}

const std::multimap<std::string, TimeMethod, std::less<>>& TemplateTimeMethods() {
  using Self = const TemplateValue&;
  constexpr int64_t kSecond = 1'000'000'000;
  const auto seconds = [](double unit) {
    return [unit](Self self, Values) -> Result<TemplateValue> { return static_cast<double>(self.duration()) / unit; };
  };
  static const std::multimap<std::string, TimeMethod, std::less<>> methods = {
      {"Format",
       {Kind::time,
        {1,
         [](Self self, Values v) -> Result<TemplateValue> {
           if (v[0].kind() != Kind::text) return Invalid("the layout is no string");
           return GoFormatTime(self.time(), v[0].text());
         }}}},
      {"String",
       {Kind::time, {0, [](Self self, Values) -> Result<TemplateValue> { return GoPrintTime(self.time()); }}}},
      {"Unix",
       {Kind::time,
        {0,
         [](Self self, Values) -> Result<TemplateValue> {
           return static_cast<int64_t>(std::floor(static_cast<double>(self.time().nanoseconds) / kSecond));
         }}}},
      {"UTC",
       {Kind::time,
        {0,
         [](Self self, Values) -> Result<TemplateValue> { return TemplateTime{self.time().nanoseconds, 0, "UTC"}; }}}},
      {"IsZero",
       {Kind::time,
        {0, [](Self self, Values) -> Result<TemplateValue> { return TemplateValue(self.time().nanoseconds == 0); }}}},
      {"Sub",
       {Kind::time,
        {1,
         [](Self self, Values v) -> Result<TemplateValue> {
           if (v[0].kind() != Kind::time) return Invalid("the argument is no time");
           return TemplateDuration{self.time().nanoseconds - v[0].time().nanoseconds};
         }}}},
      {"Add",
       {Kind::time,
        {1,
         [](Self self, Values v) -> Result<TemplateValue> {
           if (BasicKind(v[0]) != Kind::integer) return Invalid("the argument is no duration");
           TemplateTime time = self.time();
           if (__builtin_add_overflow(time.nanoseconds, WholeNumber(v[0]), &time.nanoseconds)) {
             return Invalid("the time is out of range");
           }
           return time;
         }}}},
      {"Before",
       {Kind::time,
        {1,
         [](Self self, Values v) -> Result<TemplateValue> {
           return TemplateValue(v[0].kind() == Kind::time && self.time().nanoseconds < v[0].time().nanoseconds);
         }}}},
      {"After",
       {Kind::time,
        {1,
         [](Self self, Values v) -> Result<TemplateValue> {
           return TemplateValue(v[0].kind() == Kind::time && self.time().nanoseconds > v[0].time().nanoseconds);
         }}}},
      {"String",
       {Kind::duration,
        {0, [](Self self, Values) -> Result<TemplateValue> { return GoPrintDuration(self.duration()); }}}},
      {"Seconds", {Kind::duration, {0, seconds(1e9)}}},
      {"Minutes", {Kind::duration, {0, seconds(60e9)}}},
      {"Hours", {Kind::duration, {0, seconds(3600e9)}}},
  };
  return methods;
}

}  // namespace base
