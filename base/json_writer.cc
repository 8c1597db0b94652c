#include "base/json_writer.h"

#include <cmath>

#include "base/text.h"

namespace base {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool IsPlain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x80 && c != '"' && c != '\\';
}

void AppendEscaped(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out.append("\\u00").append(1, kHex[byte >> 4]).append(1, kHex[byte & 15]);
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view value) {
  out += '"';
  for (size_t at = 0; at < value.size();) {
    size_t end = at;
    while (end < value.size() && IsPlain(value[end])) ++end;
    out.append(value, at, end - at);
    at = end;
    if (at == value.size()) break;
    if (static_cast<unsigned char>(value[at]) < 0x80) {
      AppendEscaped(out, value[at++]);
      continue;
    }
    const std::string_view character = Utf8Prefix(value.substr(at), 1);
    out += IsValidUtf8(character) ? character : std::string_view("\xEF\xBF\xBD");
    at += character.size();
  }
  out += '"';
}

void JsonWriter::Separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Separate();
  AppendJsonString(text_, name);
  text_ += ':';
  first_ = true;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view value) {
  Separate();
  AppendJsonString(text_, value);
  return *this;
}

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  text_ += json;
  return *this;
}

JsonWriter& JsonWriter::Number(int64_t value) { return Raw(std::to_string(value)); }
JsonWriter& JsonWriter::Number(uint64_t value) { return Raw(std::to_string(value)); }
JsonWriter& JsonWriter::Number(double value) {
  if (!std::isfinite(value)) return Null();
  std::string text = FormatSampleValue(value);
  // Go's encoding/json cleans exponents up: 1e-7, not 1e-07
  if (const size_t e = text.find('e'); e != std::string::npos && text.size() > e + 2 && text[e + 2] == '0') {
    text.erase(e + 2, 1);
  }
  return Raw(text);
}

}  // namespace base
