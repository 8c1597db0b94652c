#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/labels.h"
#include "base/result.h"

namespace re2 {
class RE2;
}

namespace base {

enum class MatchType : uint8_t { equal, not_equal, regex, not_regex };
std::string_view ToString(MatchType type);  // = != =~ !~

// One condition on a label, as selectors, routes, silences and inhibitions write it. A missing label counts as "".
// Regular expressions are RE2, anchored at both ends, "." matching newlines. A value; copies share the compiled
// expression; thread-safe.
class Matcher {
 public:
  // Fails on an expression RE2 refuses or that is larger than `kMaxRegexBytes`.
  static Result<Matcher> Make(MatchType type, std::string name, std::string value);
  static Matcher Equal(std::string name, std::string value);
  static constexpr size_t kMaxRegexBytes = 64 * 1024;

  MatchType type() const { return type_; }
  const std::string& name() const { return name_; }
  const std::string& value() const { return value_; }

  bool Matches(std::string_view value) const;
  bool Matches(const Labels& labels) const { return Matches(labels.Get(name_)); }
  bool MatchesEmpty() const { return Matches(std::string_view()); }
  // The expression within, unanchored text in value(); null for = and !=.
  const re2::RE2* regex() const { return regex_.get(); }

  std::string ToString() const;  // name=~"value"
  bool operator==(const Matcher& other) const {
    return type_ == other.type_ && name_ == other.name_ && value_ == other.value_;
  }

 private:
  Matcher(MatchType type, std::string name, std::string value);
  MatchType type_;
  std::string name_;
  std::string value_;
  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace base
