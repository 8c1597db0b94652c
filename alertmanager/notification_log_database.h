#pragma once

#include "alertmanager/notify/notification_log.h"
#include "base/database.h"
#include "base/write_behind.h"

namespace alertmanager {

// The notification log in the embedded database: table alertmanager_notifications. Entries are committed at once, since
// each one that a crash loses is a message sent twice. Borrows the writer. Thread-safe.
class NotificationLogDatabase final : public NotificationKeeper {
 public:
  explicit NotificationLogDatabase(base::WriteBehind& writer) : writer_(writer) {}

  // Makes the table where it is missing.
  static base::Result<void> Prepare(base::Database& database);
  // What was kept. A row that does not read is left out and logged.
  static base::Result<NotificationLog::Entries> Load(base::Database& database);

  void Keep(std::vector<NotificationLog::Change> changes, std::function<void()> done) override;

 private:
  base::WriteBehind& writer_;
};

}  // namespace alertmanager
