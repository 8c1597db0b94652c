#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/matcher.h"
#include "promql/ast.h"

namespace rules {

// Why no text at all meets every one of these conditions on one label, for people (`a="1" and a="2"`); nullopt where
// some text may. A missing label counts as "". Finds what is plain to see, not every contradiction of regular
// expressions there could be.
std::optional<std::string> Contradiction(std::span<const base::Matcher> conditions);

// What is certain of the labels of every series of a result. The metric's name is left out: it never joins series.
class LabelFacts {
 public:
  static LabelFacts Anything() { return LabelFacts(true); }
  static LabelFacts NoLabels() { return LabelFacts(false); }
  static LabelFacts Of(const promql::VectorSelector& selector);

  // What each series' label is known to meet; one that no series can have meets `name=""`.
  std::vector<base::Matcher> Conditions(const std::string& name) const;
  bool CanHave(const std::string& name) const;
  bool CanHaveAny() const;  // labels at all

  void Set(const std::string& name, std::vector<base::Matcher> conditions);
  void Remove(const std::string& name) { Set(name, {base::Matcher::Equal(name, "")}); }
  void Forget(const std::string& name) { Set(name, {}); }  // it may be there now, and be anything
  LabelFacts Keep(const std::vector<std::string>& names) const;

  // Of series that come from the one or the other.
  static LabelFacts Either(const LabelFacts& a, const LabelFacts& b);

  // Of a series of `many` that has a partner in `one`, before include labels; or why none has.
  struct Matched;
  static Matched Match(const LabelFacts& many, const LabelFacts& one, const promql::VectorMatching& matching);

 private:
  explicit LabelFacts(bool open) : open_(open) {}
  bool open_;  // labels not in conditions_ may be there
  std::map<std::string, std::vector<base::Matcher>> conditions_;
};

struct LabelFacts::Matched {
  LabelFacts labels;
  std::optional<std::string> impossible;
};

}  // namespace rules
