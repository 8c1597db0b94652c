#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json_writer.h"
#include "rules/api/value_json.h"
#include "rules/remote/answer.h"

// Answers of a server that rules are evaluated against. What can be read is written as our own API writes it, and must
// then read and write the same.

namespace {

std::string Written(const promql::Value& value) {
  base::JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data");
  rules::WriteResult(json, value, 0);
  json.EndObject().EndObject();
  return std::move(json).Take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  static_cast<void>(rules::ReadApiFailure(body));
  const auto answer = rules::ReadQueryAnswer(body);
  if (!answer) return 0;
  const std::string once = Written(answer->value);
  const auto again = rules::ReadQueryAnswer(once);
  if (!again) std::abort();
  // what changes once (buckets given twice become one) stays from then on
  const std::string twice = Written(again->value);
  const auto third = rules::ReadQueryAnswer(twice);
  if (!third || Written(third->value) != twice) std::abort();
  return 0;
}
