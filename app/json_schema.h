#pragma once

#include <string>
#include <vector>

#include "base/yaml/yaml.h"

namespace app {

// A JSON Schema (draft 2020-12) of a YAML file, from the tables the program reads it with: for editors, which complete
// keys, show their help and mark mistakes. It knows what the tables know: keys, kinds of values, enumerations,
// defaults; it does not replace `tocsin check`. A table that nests itself becomes a reference. Pure.
struct SchemaOptions {
  std::string id;  // "$id", an identifier only
  std::string title;
  // ${NAME} may stand in any value, so that a number or a word may be such a text as well.
  bool environment = false;
};
std::string JsonSchema(const std::vector<base::FieldHelp>& fields, const SchemaOptions& options);

}  // namespace app
