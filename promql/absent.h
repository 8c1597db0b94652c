#pragma once

#include "base/labels.h"
#include "promql/ast.h"

namespace promql {

// What absent() can tell about a series that is not there: the labels its selector asks for with `=`, each once.
base::Labels LabelsOfAbsent(const Expr& argument);

}  // namespace promql
