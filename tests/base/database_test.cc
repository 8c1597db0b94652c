#include "base/database.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "base/write_behind.h"
#include "tests/support/support.h"

namespace base {
namespace {

class DatabaseTest : public ::testing::Test {
 protected:
  std::string Path() const { return folder_.path().string() + "/sub/t.db"; }
  std::unique_ptr<Database> Open() {
    auto database = Database::Open(Path());
    EXPECT_TRUE(database) << database.error().ToString();
    return std::move(*database);
  }
  static std::string Column(Database& database, const std::string& sql) {
    Statement rows = database.Prepare(sql).value();
    std::string text;
    while (rows.Step().value()) text.append(rows.Text(0)).append(";");
    return text;
  }

  test::TemporaryDirectory folder_;
};

TEST_F(DatabaseTest, ValuesComeBack) {
  const auto database = Open();
  ASSERT_TRUE(database->Execute("CREATE TABLE t(i, r, s, b, n)"));
  const std::byte blob[] = {std::byte{0}, std::byte{255}};
  ASSERT_TRUE(database->Prepare("INSERT INTO t VALUES(?1, ?2, ?3, ?4, ?5)")
                  ->Bind(1, int64_t{-1})
                  .Bind(2, 0.1)
                  .Bind(3, std::string_view("a\0b", 3))
                  .Bind(4, std::span(blob))
                  .Bind(5, std::optional<int64_t>())
                  .Run());
  Statement row = database->Prepare("SELECT * FROM t").value();
  ASSERT_TRUE(row.Step().value());
  EXPECT_EQ(row.Integer(0), -1);
  EXPECT_EQ(row.Real(1), 0.1);
  EXPECT_EQ(row.Text(2), std::string_view("a\0b", 3));
  EXPECT_EQ(row.Blob(3).size(), 2u);
  EXPECT_EQ(row.OptionalInteger(4), std::nullopt);
  EXPECT_FALSE(row.Step().value());
}

TEST_F(DatabaseTest, FileIsPrivate) {
  Open();
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(Path()).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(DatabaseTest, TransactionThatIsNotCommittedLeavesNothing) {
  const auto database = Open();
  ASSERT_TRUE(database->Execute("CREATE TABLE t(v)"));
  {
    auto transaction = Transaction::Begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->Execute("INSERT INTO t VALUES(1)"));
  }
  EXPECT_EQ(Column(*database, "SELECT v FROM t"), "");
}

TEST_F(DatabaseTest, SchemaIsMadeOnceAndANewerOneIsRefused) {
  const auto database = Open();
  ASSERT_TRUE(database->PrepareSchema("room", 2, "CREATE TABLE room_t(v)"));
  ASSERT_TRUE(database->PrepareSchema("room", 2, "CREATE TABLE room_t(v)"));
  const auto older = database->PrepareSchema("room", 1, "");
  ASSERT_FALSE(older);
  EXPECT_EQ(older.error().message,
            Path() + " was written by a newer tocsin: its tables of room are of version 2, this program knows 1");
}

TEST_F(DatabaseTest, WhatIsNoDatabaseIsSaid) {
  const std::string path = folder_.path().string() + "/x.db";
  std::ofstream(path) << std::string(5000, 'x');
  const auto database = Database::Open(path);
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, ErrorCode::corrupt);
  EXPECT_EQ(database.error().message, "using " + path + ": file is not a database");
}

class WriteBehindTest : public DatabaseTest {
 protected:
  void SetUp() override { ASSERT_TRUE(Open()->Execute("CREATE TABLE t(v)")); }
  std::unique_ptr<WriteBehind> Start(WriteBehind::Options options = {}) {
    return WriteBehind::Start(Open(), clock_, options);
  }
  static WriteBehind::Write Insert(const std::string& value, size_t bytes = 1) {
    return {bytes, [value](Database& database) {
              return database.Prepare("INSERT INTO t VALUES(?1)")->Bind(1, std::string_view(value)).Run();
            }};
  }
  std::string Stored() { return Column(*Open(), "SELECT v FROM t ORDER BY rowid"); }

  test::FakeClock clock_;
};

TEST_F(WriteBehindTest, WritesInOrder) {
  const auto writer = Start();
  for (const char* value : {"a", "b", "c"}) writer->Submit(Insert(value));
  ASSERT_TRUE(writer->Flush(std::chrono::minutes(2)));
  EXPECT_EQ(Stored(), "a;b;c;");
  EXPECT_EQ(writer->GetStats().committed, 3u);
  EXPECT_EQ(writer->GetStats().last_success, clock_.Now());
}

TEST_F(WriteBehindTest, ClosingWritesWhatIsLeft) {
  Start({.flush_interval = std::chrono::hours(1)})->Submit(Insert("a"));
  EXPECT_EQ(Stored(), "a;");
}

TEST_F(WriteBehindTest, UrgentDoesNotWaitForTheInterval) {
  const auto writer = Start({.flush_interval = std::chrono::hours(1)});
  writer->Submit(Insert("a"));
  writer->Submit(Insert("b"), true);
  EXPECT_TRUE(test::WaitFor([&] { return writer->GetStats().committed == 2; }));
}

TEST_F(WriteBehindTest, OneBadWriteIsLeftOut) {
  const auto writer = Start();
  writer->Submit(Insert("a"));
  writer->Submit({1, [](Database& database) -> Result<void> {
                    TRY_VOID(database.Execute("INSERT INTO t VALUES('half')"));
                    return database.Execute("INSERT INTO no_table VALUES(1)");
                  }});
  writer->Submit(Insert("b"));
  ASSERT_TRUE(writer->Flush(std::chrono::minutes(2)));
  EXPECT_EQ(Stored(), "a;b;");
  EXPECT_EQ(writer->GetStats().rejected, 1u);
}

TEST_F(WriteBehindTest, LockedFileDelays) {
  auto other = Open();
  auto writing = Transaction::Begin(*other);
  ASSERT_TRUE(writing);
  auto mine = Open();
  ASSERT_TRUE(mine->Execute("PRAGMA busy_timeout = 10"));
  const auto writer = WriteBehind::Start(std::move(mine), clock_, {});
  writer->Submit(Insert("a"), true);
  ASSERT_TRUE(test::WaitFor([&] { return writer->GetStats().failures > 0; }));
  EXPECT_EQ(writer->GetStats().last_error, "using " + Path() + ": database is locked");
  EXPECT_EQ(writer->GetStats().queued_writes, 1u);
  ASSERT_TRUE(writing->Commit());
  ASSERT_TRUE(writer->Flush(std::chrono::minutes(2)));
  EXPECT_EQ(writer->GetStats().last_error, "");
  EXPECT_EQ(Stored(), "a;");
}

TEST_F(WriteBehindTest, ALineThatIsTooLongLosesItsOldest) {
  auto other = Open();
  auto writing = Transaction::Begin(*other);
  ASSERT_TRUE(writing);
  auto mine = Open();
  ASSERT_TRUE(mine->Execute("PRAGMA busy_timeout = 10"));
  const auto writer = WriteBehind::Start(std::move(mine), clock_, {.max_queued_bytes = 100});
  for (const char* value : {"a", "b", "c"}) writer->Submit(Insert(value, 40));
  EXPECT_TRUE(test::WaitFor([&] { return writer->GetStats().dropped == 1; }));
  ASSERT_TRUE(writing->Commit());
  ASSERT_TRUE(writer->Flush(std::chrono::minutes(2)));
  EXPECT_EQ(Stored(), "b;c;");
}

}  // namespace
}  // namespace base
