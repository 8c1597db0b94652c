#pragma once

#include <functional>
#include <optional>

#include "base/result.h"
#include "promql/annotations.h"
#include "promql/columns.h"
#include "promql/workers.h"

namespace promql {

// Some consecutive rows of a vector, and the remarks made on the way to them.
struct RowBlock {
  Columns columns;
  AnnotationSet annotations;
};

// Makes blocks 0 … count - 1, where there are `workers` (null: none) several at once, and hands each on as soon as
// those before it have been, by one thread at a time: what is taken, and the error returned, is the same whoever made
// it. The first error ends it.
using MakeBlock = std::function<base::Result<RowBlock>(size_t block)>;
using TakeBlock = std::function<base::Result<void>(RowBlock block)>;
base::Result<void> MakeInOrder(Workers* workers, size_t count, const MakeBlock& make, const TakeBlock& take);

}  // namespace promql
