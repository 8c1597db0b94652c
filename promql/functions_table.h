#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace promql {

enum class ValueType : uint8_t { none, scalar, string, vector, matrix };
// As the API writes it ("vector") and as error texts do ("instant vector").
std::string_view ToString(ValueType type);
std::string_view DocumentedName(ValueType type);

// What the type check needs to know of a function; implementations are elsewhere (functions.h).
struct FunctionSignature {
  std::string_view name;
  std::array<ValueType, 5> argument_types{};
  uint8_t arguments = 0;  // how many of argument_types count
  int8_t variadic = 0;    // how many times the last may be given more or not at all; -1: any number of times
  ValueType result = ValueType::vector;
  bool experimental = false;
};

// All functions of PromQL, sorted by name.
std::span<const FunctionSignature> Functions();
// Null if there is none; names are case-sensitive.
const FunctionSignature* FindFunction(std::string_view name);

}  // namespace promql
