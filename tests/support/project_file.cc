#include "tests/support/support.h"

namespace test {

// The one place that knows where the sources are: elsewhere the path would keep objects of one checkout from being
// taken out of the compiler's cache for another.
std::filesystem::path ProjectFile(std::string_view name) { return std::filesystem::path(TOCSIN_SOURCE_DIR) / name; }

}  // namespace test
