#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/matcher.h"
#include "store/postings.h"
#include "store/series_table.h"
#include "store/value_table.h"

namespace store {

// From label pairs to series. Const methods may run side by side; the others need to be alone.
class Index {
 public:
  using Names = std::map<std::string, ValueTable, std::less<>>;

  // The labels, kept together with those of other series. To be called only for a series that is then added.
  SharedLabels Share(const base::Labels& labels);
  void Add(SeriesId id, const SharedLabels& labels);  // which Share made
  struct Gone {
    SeriesId id;
    const SharedLabels* labels;
  };
  void Remove(std::span<const Gone> series);

  // The series for which all matchers hold; every series when there are none. `table` holds what is indexed.
  SeriesIds Resolve(std::span<const base::Matcher> matchers, const SeriesTable& table) const;

  const Names& names() const { return names_; }

 private:
  const ValueTable* Find(const std::string& name) const;
  Names names_;
};

}  // namespace store
