#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/matcher.h"
#include "base/result.h"
#include "base/time.h"
#include "promql/ast.h"
#include "promql/engine.h"
#include "promql/series_notation.h"

// Prometheus' language for tests of PromQL (promqltest): scripts of `load`, `clear` and `eval` commands. Here is what
// a script says; who runs it brings a store. Time starts at the epoch.

namespace promql {

// `load 5m` with its series; the samples stand `interval` apart.
struct LoadCommand {
  struct Series {
    NotedSeries noted;
    std::vector<std::optional<base::Duration>> starts;  // of the counter, relative to each sample; or empty
  };
  base::Duration interval{0};
  bool with_custom_buckets = false;  // load_with_nhcb: classic histograms become native ones as well
  std::vector<Series> series;
};

struct ClearCommand {};

// A text an annotation or error must be, or an expression it must match in part; or just that there is one.
class Expectation {
 public:
  static base::Result<Expectation> Make(std::string_view kind, std::string text);  // "msg", "regex" or ""
  bool Matches(std::string_view text) const;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool literal_ = false;
  std::shared_ptr<const re2::RE2> regex_;
};

struct EvalCommand {
  int line = 0;  // from 1
  std::string text;
  ExprPtr expr;
  bool range = false;
  base::Timestamp start;  // of a range; of an instant query's range vector; else the instant
  base::Timestamp end;
  base::Duration step{0};
  base::Timestamp instant;

  bool ordered = false;
  std::optional<Expectation> failure;
  std::vector<Expectation> warnings;
  std::vector<Expectation> infos;
  bool no_warnings = false;
  bool no_infos = false;
  std::optional<std::string> string;  // the result is this string
  std::optional<double> scalar;       // the result is this number
  std::vector<NotedSeries> series;    // the result's series, in order
  bool range_vector = false;          // an instant query whose result is a range vector
};

using ScriptCommand = std::variant<LoadCommand, ClearCommand, EvalCommand>;

// The options under which scripts are written: everything experimental, names removed at the end.
EngineOptions ScriptEngineOptions();

// The whole script, or the first line that is none; `where` has the line.
base::Result<std::vector<ScriptCommand>> ParseScript(std::string_view text);

}  // namespace promql
