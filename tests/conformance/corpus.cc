#include "tests/conformance/corpus.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace conformance {

std::filesystem::path Corpus(std::string_view name) {
  const char* const root = std::getenv("TOCSIN_CORPUS");
  if (root == nullptr || *root == '\0') {
    throw std::runtime_error("TOCSIN_CORPUS is not set: run `make conformance`, or set it to the folder of the corpus");
  }
  std::filesystem::path folder = std::filesystem::path(root) / name;
  if (!std::filesystem::is_directory(folder)) {
    throw std::runtime_error("the corpus has no folder \"" + folder.string() + "\"");
  }
  return folder;
}

std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& folder,
                                              const std::vector<std::string_view>& extensions) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && std::ranges::find(extensions, extension) != extensions.end()) {
      files.push_back(entry.path());
    }
  }
  if (files.empty()) throw std::runtime_error("no file to test below \"" + folder.string() + "\"");
  std::ranges::sort(files);
  return files;
}

}  // namespace conformance
