#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/result.h"

// The part that both text formats share: `name{label="value",…}` and `{"quoted name","quoted label"="value"}`.

namespace ingest {

// What is wrong and at which byte of the page.
struct SyntaxError {
  size_t offset = 0;
  std::string message;
};

// The error with line and column (both from 1) of its offset in `page`.
base::Error ToError(const SyntaxError& error, std::string_view page);
base::SourcePosition PositionAt(std::string_view page, size_t offset);

// The same for offsets that only grow, without starting from the top each time.
class LineCounter {
 public:
  base::SourcePosition At(std::string_view page, size_t offset);

 private:
  size_t counted_ = 0;  // bytes whose line ends are in line_
  size_t line_start_ = 0;
  int line_ = 1;
};

struct SeriesSyntax {
  bool blanks = true;          // spaces and tabs may stand between the parts
  bool trailing_comma = true;  // {a="b",}
  bool name_required = true;   // false for an exemplar's labels
};

// Reads one series at a time. Not thread-safe.
class SeriesReader {
 public:
  // Reads the series of `page` that begins at byte `at` and moves `at` behind it. False: error() says why.
  bool Read(std::string_view page, size_t& at, SeriesSyntax syntax);
  const SyntaxError& error() const { return error_; }

  // The name as __name__ first, then the labels in the order of the page; names are unique, values may be empty. Valid
  // until the next Read, and as long as the page.
  std::span<const base::Label> labels() const { return labels_; }

 private:
  bool ReadBraces(SeriesSyntax syntax);
  bool ReadBracePart(SeriesSyntax syntax);
  bool ReadQuoted(std::string_view& out);
  bool Unescape(size_t start, std::string_view& out);
  bool ReadName(std::string_view& out, bool colons);
  bool CheckUnique(size_t start);
  void SkipBlanks(SeriesSyntax syntax);
  char Peek() const { return at_ < page_.size() ? page_[at_] : '\n'; }
  bool Fail(size_t offset, std::string message);

  std::string_view page_;
  size_t at_ = 0;
  std::vector<base::Label> labels_;
  std::string unescaped_;  // room for every unescaped text of the line, reserved beforehand so that views stay
  std::vector<std::string_view> sorted_;
  SyntaxError error_;
};

}  // namespace ingest
