#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace alertmanager {

// name <local@domain>, or the bare address.
struct MailAddress {
  std::string name;
  std::string address;
  bool operator==(const MailAddress&) const = default;
};

// Comma-separated addresses; names may be quoted and then hold commas. Fails on anything that is not local@domain, on
// control characters (they would let a value write headers), and on an empty list.
base::Result<std::vector<MailAddress>> ParseMailAddresses(std::string_view text);

}  // namespace alertmanager
