#pragma once

#include <map>
#include <string>

#include "base/database.h"
#include "base/result.h"
#include "base/time.h"
#include "base/write_behind.h"

namespace remote {

// How far each queue had come, by name, in the embedded database (table remote_positions): what is newer was not sent.
// Written with the samples it rests on, so a crash puts it back with them. Borrows the writer. Thread-safe.
class Positions {
 public:
  using Times = std::map<std::string, base::Timestamp>;
  explicit Positions(base::WriteBehind& writer) : writer_(writer) {}

  // Makes the table where it is missing.
  static base::Result<void> Prepare(base::Database& database);
  static base::Result<Times> Load(base::Database& database);

  void Save(const std::string& name, base::Timestamp time);
  void Forget(const std::string& name);

 private:
  base::WriteBehind& writer_;
};

}  // namespace remote
