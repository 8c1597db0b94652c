#include "remote/positions.h"

namespace remote {
namespace {

constexpr int kSchemaVersion = 1;
constexpr const char* kSchema = R"sql(
CREATE TABLE remote_positions(name TEXT PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID;
)sql";

}  // namespace

base::Result<void> Positions::Prepare(base::Database& database) {
  return database.PrepareSchema("remote", kSchemaVersion, kSchema);
}

base::Result<Positions::Times> Positions::Load(base::Database& database) {
  Times times;
  TRY(base::Statement rows, database.Prepare("SELECT name, time FROM remote_positions"));
  while (true) {
    TRY(const bool row, rows.Step());
    if (!row) return times;
    times.emplace(rows.Text(0), base::Timestamp(base::Duration(rows.Integer(1))));
  }
}

void Positions::Save(const std::string& name, base::Timestamp time) {
  writer_.Submit({.bytes = name.size(), .apply = [name, time](base::Database& database) -> base::Result<void> {
                    TRY(base::Statement insert,
                        database.Prepare("INSERT OR REPLACE INTO remote_positions(name, time) VALUES(?1, ?2)"));
                    return insert.Bind(1, name).Bind(2, time.time_since_epoch().count()).Run();
                  }});
}

void Positions::Forget(const std::string& name) {
  writer_.Submit({.bytes = name.size(), .apply = [name](base::Database& database) -> base::Result<void> {
                    TRY(base::Statement remove, database.Prepare("DELETE FROM remote_positions WHERE name = ?1"));
                    return remove.Bind(1, name).Run();
                  }});
}

}  // namespace remote
