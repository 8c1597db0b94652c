#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "promql/parser.h"

// Any text: either an error, or a tree whose printed form, on one line or several, parses to a tree that prints the
// same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const promql::ParseOptions options{
      .experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};
  const auto tree = promql::Parse(text, options);
  if (!tree) return 0;
  const std::string printed = promql::ToString(**tree);
  const auto again = promql::Parse(printed, options);
  if (!again || promql::ToString(**again) != printed) {
    std::fprintf(stderr, "does not survive printing: %s\n", printed.c_str());
    std::abort();
  }
  const std::string pretty = promql::ToPrettyString(**tree);
  const auto laid_out = promql::Parse(pretty, options);
  if (!laid_out || promql::ToString(**laid_out) != printed) {
    std::fprintf(stderr, "does not survive being laid out: %s\n", pretty.c_str());
    std::abort();
  }
  return 0;
}
