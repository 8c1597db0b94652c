#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rules {

// Reads JSON front to back without building a tree, for answers too large to hold twice:
//   in.BeginObject();
//   while (in.NextKey(key)) {
//     if (key == "status") status = in.Text();
//     else in.Skip();
//   }
//   if (const auto read = in.Finish(); !read) return read.error();
// After the first mistake everything is empty and every Next is false, so that loops end; good() and Finish tell. The
// text may be hostile: nothing recurses, and depth is bounded. Not thread-safe; borrows the text.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text, size_t position = 0) : text_(text), at_(position) {}

  void BeginObject() { Begin('{'); }
  void BeginArray() { Begin('['); }
  // To the next member or element; false at the end, which is then behind.
  bool NextKey(std::string& key);
  bool NextElement() { return Next(']'); }

  // Values. What is of another kind is a mistake.
  std::string Text();
  double Number();
  bool Bool();
  void Skip();  // any value; of what is inside only brackets and texts are looked at

  // What is next.
  bool AtText() { return Peek() == '"'; }
  bool AtObject() { return Peek() == '{'; }
  bool AtArray() { return Peek() == '['; }
  bool AtNumber();
  size_t position() const { return at_; }

  bool good() const { return problem_.empty(); }
  // Makes reading fail; the first call counts.
  void Fail(std::string_view why);
  // Error: what was wrong, and at which byte.
  base::Result<void> Status() const;
  // The same; nothing but space may follow.
  base::Result<void> Finish();

 private:
  void Begin(char bracket);
  bool Next(char close);
  char Peek();  // the next character that is no space; 0 at the end or after a mistake
  bool Take(char wanted);
  std::string_view RawText();  // between the quotes, escapes as they are
  std::optional<uint32_t> HexDigits(std::string_view raw, size_t at) const;
  std::string Unescape(std::string_view raw);

  const std::string_view text_;
  size_t at_;
  bool first_ = false;  // nothing of the innermost object or array has been read
  std::string problem_;
};

}  // namespace rules
