#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "tests/support/support.h"

// Files with many small inputs.

namespace test {

struct FileCase {
  std::string title;
  std::string text;
};

// The inputs of a file of the project, named from its root. Each begins after a line "=== TITLE".
inline std::vector<FileCase> CasesOf(std::string_view file) {
  constexpr std::string_view kMark = "=== ";
  std::vector<FileCase> cases;
  const std::string text = "\n" + ReadFile(ProjectFile(file));
  for (size_t at = text.find("\n=== "); at != std::string::npos;) {
    const size_t title = at + 1 + kMark.size();
    const size_t end = text.find('\n', title);
    at = text.find("\n=== ", end);
    cases.push_back({text.substr(title, end - title),
                     text.substr(end + 1, at == std::string::npos ? std::string::npos : at - end)});
  }
  return cases;
}

}  // namespace test
