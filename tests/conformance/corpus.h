#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

// Other projects' test data. Only the tests in this folder read it.

namespace conformance {

// The folder `name` of the corpus, which the environment variable TOCSIN_CORPUS names. Throws std::runtime_error, which
// fails the test, if the variable is not set or there is no such folder.
std::filesystem::path Corpus(std::string_view name);

// The regular files below `folder` whose extension is one of `extensions`, sorted by path. Never empty: throws
// std::runtime_error if there is none.
std::vector<std::filesystem::path> FilesBelow(const std::filesystem::path& folder,
                                              const std::vector<std::string_view>& extensions);

}  // namespace conformance
