#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/template/value.h"

// Go's literals. Pure.

namespace base {

// "…", `…` or '…' as it stands in the source; nullopt where Go's strconv.Unquote refuses it.
std::optional<std::string> UnquoteGo(std::string_view quoted);

struct GoNumber {
  TemplateValue value;               // what it is where no type is asked for: an int, or a float64
  std::optional<int64_t> integer{};  // where it is whole
  double real = 0;
};
// 10, 0x1F, 1_000, 1e3, 'a'; or what is wrong with it.
std::expected<GoNumber, std::string> ParseGoNumber(std::string_view text);

}  // namespace base
