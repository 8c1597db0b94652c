#pragma once

#include <vector>

#include "base/yaml/yaml.h"

namespace ingest {

template <class T>
void AddFields(std::vector<base::Field<T>>& fields, std::vector<base::Field<T>> more) {
  for (base::Field<T>& field : more) fields.push_back(std::move(field));
}

}  // namespace ingest
