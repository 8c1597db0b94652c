#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace store {

// What an anchored RE2 expression matches, as far as its text shows it without running it.
struct RegexPlan {
  enum class Kind : uint8_t {
    anything,   // .*
    non_empty,  // .+
    literals,   // a|b|c: exactly `literals`, sorted
    prefix,     // abc.* or abc.+: everything that begins with `prefix` and has at least `more` bytes after it
    general,    // must be run; matches begin with `prefix`, which may be empty
  };
  Kind kind = Kind::general;
  std::vector<std::string> literals;
  std::string prefix;
  size_t more = 0;
};

RegexPlan PlanRegex(std::string_view pattern);

}  // namespace store
