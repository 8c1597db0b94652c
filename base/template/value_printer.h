#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/template/format.h"

// Prints one template value by one of Go's verbs. Included by this folder's .cc files alone.

namespace base {

// What stands between '%' and the verb, and the verb.
struct FormatSpec {
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

// A text that grows by values, up to kMaxTemplateText: what is past that is cut off, and Full says so.
class ValuePrinter {
 public:
  void Text(std::string_view text) {
    if (out_.size() <= kMaxTemplateText) out_.append(text.substr(0, kMaxTemplateText + 1 - out_.size()));
  }
  void Value(const TemplateValue& value, const FormatSpec& spec, bool nested = false);
  bool Full() const { return out_.size() > kMaxTemplateText; }
  std::string Take() && { return std::move(out_); }

 private:
  void Pad(std::string_view text, const FormatSpec& spec);
  void PadNumber(std::string_view sign, std::string_view digits, const FormatSpec& spec);
  void Integer(int64_t value, const FormatSpec& spec, const TemplateValue& whole);
  void IntegerInBase(int64_t value, int base, bool upper, const FormatSpec& spec);
  void Real(double value, const FormatSpec& spec, const TemplateValue& whole);
  void String(std::string_view text, const FormatSpec& spec, const TemplateValue& whole);
  void Hex(std::string_view bytes, const FormatSpec& spec);
  void List(const TemplateValue& value, const FormatSpec& spec);
  void Map(const TemplateValue& value, const FormatSpec& spec);
  void Object(const TemplateValue& value, const FormatSpec& spec);
  void GoSyntaxList(const TemplateValue& value, const FormatSpec& spec);
  void BadVerb(const TemplateValue& value, const FormatSpec& spec);

  std::string out_;
};

}  // namespace base
