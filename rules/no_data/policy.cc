#include "rules/no_data/policy.h"

#include <array>
#include <utility>

namespace rules {
namespace {

constexpr std::array<std::pair<NoDataPolicy, std::string_view>, 4> kPolicies = {{
    {NoDataPolicy::resolve, "resolve"},
    {NoDataPolicy::keep, "keep"},
    {NoDataPolicy::alert, "alert"},
    {NoDataPolicy::critical, "critical"},
}};

}  // namespace

std::string_view ToString(NoDataPolicy policy) {
  for (const auto& [value, name] : kPolicies) {
    if (value == policy) return name;
  }
  return "";
}

std::optional<NoDataPolicy> ParseNoDataPolicy(std::string_view text) {
  for (const auto& [value, name] : kPolicies) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace rules
