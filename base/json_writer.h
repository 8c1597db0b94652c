#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace base {

// Writes JSON front to back into one string, without building a tree. Commas and colons come by themselves:
//   JsonWriter json;
//   json.BeginObject().Key("status").String("success").Key("data").BeginArray().Number(1).EndArray().EndObject();
//   std::move(json).Take();   // {"status":"success","data":[1]}
// Text is escaped as Go's encoding/json does without HTML escaping: control characters, quote and backslash; bytes that
// are not UTF-8 become U+FFFD. The caller keeps begins and ends in balance, and gives a key before each value of an
// object. Not thread-safe.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name);

  JsonWriter& String(std::string_view value);
  JsonWriter& Number(int64_t value);
  JsonWriter& Number(int value) { return Number(static_cast<int64_t>(value)); }
  JsonWriter& Number(uint64_t value);
  // The shortest form that reads back; null where JSON has no number (NaN, infinities).
  JsonWriter& Number(double value);
  JsonWriter& Bool(bool value) { return Raw(value ? "true" : "false"); }
  JsonWriter& Null() { return Raw("null"); }
  // A value that is JSON already.
  JsonWriter& Raw(std::string_view json);

  const std::string& text() const { return text_; }
  std::string Take() && { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();
  std::string text_;
  bool first_ = true;  // of the innermost array or object, or after a key
};

// A JSON string literal with its quotes.
void AppendJsonString(std::string& out, std::string_view value);

}  // namespace base
