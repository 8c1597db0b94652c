#include "store/durable.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <thread>

#include "base/text.h"
#include "store/log_row.h"
#include "tests/support/support.h"

namespace store {
namespace {

constexpr TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};
base::Timestamp At(double second) { return base::TimestampFromSeconds(1'700'000'000 + second); }

HistogramPtr Histogram(double count) {
  base::FloatHistogram histogram;
  histogram.schema = 3;
  histogram.count = count;
  histogram.sum = -0.5;
  histogram.positive_spans = {{-2, 2}, {3, 1}};
  histogram.positive_buckets = {1, 2, count};
  histogram.custom_values = {};
  return std::make_shared<const base::FloatHistogram>(histogram);
}

// "a: 0=1 15=2; b: 0=h3"
std::string DumpOf(const Head& head) {
  std::string text;
  const auto all = head.Select({}, kAlways).value();
  for (const auto& series : all) {
    if (!text.empty()) text += "; ";
    text += series->labels().MetricName();
    text += ":";
    Samples samples;
    series->Read(kAlways, samples);
    for (size_t i = 0; i < samples.size(); ++i) {
      const HistogramPtr histogram = samples.histograms.empty() ? nullptr : samples.histograms[i];
      fmt::format_to(std::back_inserter(text), " {}=", base::ToSeconds(samples.times[i] - At(0)));
      text += histogram                    ? fmt::format("h{}", histogram->count)
              : IsStale(samples.values[i]) ? "stale"
                                           : base::FormatFloat(samples.values[i]);
    }
  }
  return text;
}

// A process: its head over the database in `folder`. Ends without a word unless flushed.
class Process {
 public:
  explicit Process(const std::string& path, HeadOptions options = {}, Durable::Options durable = {})
      : head_(std::make_unique<Head>(options)) {
    auto database = base::Database::Open(path);
    EXPECT_TRUE(database) << database.error().ToString();
    EXPECT_TRUE(Durable::Prepare(**database));
    auto reading = base::Database::Open(path).value();
    writer_ = base::WriteBehind::Start(*std::move(database), clock_, {});
    auto restored = Durable::Restore(*reading, *head_, *writer_, At(0), durable);
    EXPECT_TRUE(restored) << restored.error().ToString();
    durable_ = *std::move(restored);
  }

  AppendStatus Put(std::string_view name, double at, double value) { return Put(name, {At(at), value, nullptr}); }
  AppendStatus Put(std::string_view name, const Sample& sample) {
    const auto appender = head_->NewAppender();
    const base::Labels labels({{"__name__", name}, {"job", "a\"ü"}});
    const Appended appended = sample.histogram
                                  ? appender->AppendHistogram(SeriesRef::none, labels, sample.time, sample.histogram)
                                  : appender->Append(SeriesRef::none, labels, sample.time, sample.value);
    EXPECT_TRUE(appender->Commit());
    return appended.status;
  }
  void Flush() { ASSERT_TRUE(writer_->Flush(std::chrono::minutes(2))); }

  std::string Dump() const { return DumpOf(*head_); }

  Head& head() { return *head_; }
  Durable& durable() { return *durable_; }
  base::WriteBehind::Stats Stats() const { return writer_->GetStats(); }

 private:
  test::FakeClock clock_;
  std::unique_ptr<Head> head_;
  std::unique_ptr<base::WriteBehind> writer_;
  std::unique_ptr<Durable> durable_;
};

class DurableTest : public ::testing::Test {
 protected:
  std::string Path() const { return folder_.path().string() + "/t.db"; }
  test::TemporaryDirectory folder_;
};

TEST_F(DurableTest, ARestartChangesNothing) {
  const HeadOptions options{.out_of_order_window = std::chrono::hours(1)};
  struct Step {
    const char* what;
    std::function<void(Process&)> put;
  };
  const Step steps[] = {
      {"nothing", [](Process&) {}},
      {"floats",
       [](Process& process) {
         for (int i = 0; i < 300; ++i) process.Put("a", i * 15, i * i * 0.1);
       }},
      {"another series, special values",
       [](Process& process) {
         process.Put("b", 1, std::numeric_limits<double>::infinity());
         process.Put("b", 2, std::numeric_limits<double>::quiet_NaN());
         process.Put("b", 3, -0.0);
         process.Put("b", 4, StaleMarker());
       }},
      {"late samples", [](Process& process) { process.Put("a", 4400.5, 7); }},
      {"histograms between floats",
       [](Process& process) {
         process.Put("h", {At(1), 0, Histogram(3)});
         process.Put("h", 2, 5);
         process.Put("h", {At(3), 0, Histogram(4)});
       }},
      {"blocks", [](Process& process) { process.durable().Checkpoint(); }},
      {"a late one beside its block", [](Process& process) { process.Put("a", 4401.5, 8); }},
      {"newer ones beside their block", [](Process& process) { process.Put("h", 9, 5); }},
      {"blocks that overlap", [](Process& process) { process.durable().Checkpoint(); }},
      {"and more", [](Process& process) { process.Put("a", 6000, 9); }},
  };
  std::string before;
  for (const Step& step : steps) {
    SCOPED_TRACE(step.what);
    Process process(Path(), options);
    ASSERT_EQ(process.Dump(), before);
    step.put(process);
    process.Flush();
    before = process.Dump();
  }
  Process last(Path(), options);
  EXPECT_EQ(last.Dump(), before);
  EXPECT_EQ(last.Put("a", 6000, 10), AppendStatus::duplicate);
  EXPECT_EQ(last.Put("a", 0.5, 10), AppendStatus::too_old);
}

TEST_F(DurableTest, ALookAtTheFileChangesNothing) {
  const auto read = [&](const std::string& path) {
    const auto database = base::Database::OpenReadOnly(path);
    if (!database) return database.error().message;
    Head head({.retention = base::Duration(0)});
    const auto restored = Durable::Read(**database, head);
    if (!restored) return restored.error().message;
    return fmt::format("{} series, {} blocks, {} rows; {}", restored->series, restored->blocks, restored->log_rows,
                       DumpOf(head));
  };
  EXPECT_EQ(read(Path()), fmt::format("opening {}: unable to open database file", Path()));
  {
    Process process(Path());
    process.Put("a", 0, 1);
    process.Put("a", 1, 2);
    process.durable().Checkpoint();
    process.Put("b", 2, 3);
    process.Flush();
    EXPECT_EQ(read(Path()), "2 series, 1 blocks, 1 rows; a: 0=1 1=2; b: 2=3");  // while it runs
    process.Put("b", 3, 4);
    process.Flush();
    EXPECT_EQ(read(Path()), "2 series, 1 blocks, 2 rows; a: 0=1 1=2; b: 2=3 3=4");
  }
  EXPECT_EQ(read(Path()), "2 series, 1 blocks, 2 rows; a: 0=1 1=2; b: 2=3 3=4");  // after its end
  EXPECT_EQ(Process(Path()).Dump(), "a: 0=1 1=2; b: 2=3 3=4");

  const std::string other = folder_.path().string() + "/other.db";
  ASSERT_TRUE(base::Database::Open(other));
  EXPECT_EQ(read(other), other + " holds no samples");
  ASSERT_TRUE(
      base::Database::Open(Path()).value()->Execute("UPDATE schema_versions SET version = 9 WHERE room = 'store'"));
  EXPECT_EQ(read(Path()), Path() + ": samples are kept in version 9, this program reads 3");
}

// As tocsin 0.1 made it: a series, a block with one chunk of it, and a row of the log.
void MakeOldDatabase(const std::string& path) {
  const auto database = base::Database::Open(path).value();
  ASSERT_TRUE(database->PrepareSchema(
      "store", 2,
      "CREATE TABLE store_series(id INTEGER PRIMARY KEY, labels BLOB NOT NULL);"
      "CREATE TABLE store_log(id INTEGER PRIMARY KEY, data BLOB NOT NULL);"
      "CREATE TABLE store_blocks(id INTEGER PRIMARY KEY, min_time INTEGER NOT NULL, max_time INTEGER NOT NULL,"
      "  data BLOB NOT NULL); CREATE INDEX store_blocks_max_time ON store_blocks(max_time);"));
  const auto insert = [&](const char* sql, const std::string& bytes) {
    auto statement = database->Prepare(sql);
    ASSERT_TRUE(statement && statement->Bind(1, std::as_bytes(std::span(bytes))).Run());
  };
  ByteWriter labels;
  for (const char* text : {"__name__", "a", "job", "a\"\u00fc"}) labels.Text(text);
  insert("INSERT INTO store_series(id, labels) VALUES(3, ?1)", labels.Take());
  ByteWriter block;
  block.Signed(At(0).time_since_epoch().count());
  block.Signed(3);
  block.Number(1);
  const std::vector<Sample> samples{{At(0), 1, nullptr}, {At(15), 2, nullptr}, {At(30), StaleMarker(), nullptr}};
  PackChunks(samples).front()->Write(At(0), block);
  insert("INSERT INTO store_blocks(min_time, max_time, data) VALUES(1700000000000, 1700000030000, ?1)", block.Take());
  ByteWriter row;
  row.Number(1);
  row.Signed(2 * 3);
  row.Signed(At(45).time_since_epoch().count());
  row.ShortReal(4);
  insert("INSERT INTO store_log(data) VALUES(?1)", row.Take());
}

TEST_F(DurableTest, AnOldDatabaseIsReadAndGoesOn) {
  MakeOldDatabase(Path());
  {
    const auto database = base::Database::OpenReadOnly(Path()).value();
    Head head({.retention = base::Duration(0)});
    ASSERT_TRUE(Durable::Read(*database, head));
    EXPECT_EQ(DumpOf(head), "a: 0=1 15=2 30=stale 45=4");
  }
  for (const char* before : {"a: 0=1 15=2 30=stale 45=4", "a: 0=1 15=2 30=stale 45=4 60=5; b: 60=6"}) {
    Process process(Path());
    EXPECT_EQ(process.Dump(), before);
    EXPECT_EQ(process.durable().GetStats().restored.damaged, 0u);
    process.Put("a", 60, 5);
    process.Put("b", 60, 6);
    process.durable().Checkpoint();
    process.Flush();
  }
}

TEST_F(DurableTest, RetentionForgetsBlocks) {
  {
    Process process(Path());
    process.Put("a", 0, 1);
    process.Put("b", 0, 1);
    process.durable().Checkpoint();
    process.Put("b", 100, 2);
    process.durable().Checkpoint();
    process.durable().Maintain(At(200), At(50));
    process.Flush();
  }
  EXPECT_EQ(Process(Path()).Dump(), "b: 100=2");
}

TEST_F(DurableTest, ALongOrOldLogIsMoved) {
  struct Case {
    Durable::Options options;
    double at;
    bool moves;
  };
  const Case cases[] = {
      {{.least_log_samples = 300, .log_age = std::chrono::minutes(1)}, 59, false},
      {{.least_log_samples = 300, .log_age = std::chrono::minutes(1)}, 60, true},
      {{.least_log_samples = 1, .log_age = std::chrono::minutes(1)}, 1, false},  // no chunk of the series is full
      {{.least_log_samples = 1, .most_log_samples = 2, .log_age = std::chrono::minutes(1)}, 1, true},
  };
  int number = 0;
  for (const Case& each : cases) {
    SCOPED_TRACE(number);
    Process process(Path() + std::to_string(number++), {}, each.options);
    for (const double time : {0, 1}) {
      process.Put("a", time, 1.5);
      process.Flush();
    }
    process.Put("a", 2, 1);
    process.durable().Maintain(At(each.at), At(-1000));
    process.Flush();
    EXPECT_EQ(process.durable().GetStats().block_samples > 0, each.moves);
  }
}

TEST_F(DurableTest, DamagedRowsAreLeftOut) {
  {
    Process process(Path());
    process.Put("a", 0, 1);
    process.Put("b", 0, 1);
    process.durable().Checkpoint();
    process.Put("a", 1, 2);
    process.Put("a", 2, 3);
    process.Flush();
  }
  const struct {
    const char* sql;
    const char* left;
  } cases[] = {
      {"UPDATE store_log SET data = x'ffff' WHERE id = (SELECT max(id) FROM store_log)", "a: 0=1 1=2; b: 0=1"},
      {"UPDATE store_blocks SET data = zeroblob(3)", "a: 1=2"},
      {"UPDATE store_labels SET data = x'007f' WHERE first = 1", ""},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.sql);
    ASSERT_TRUE(base::Database::Open(Path()).value()->Execute(each.sql));
    Process process(Path());
    EXPECT_EQ(process.Dump(), each.left);
    EXPECT_GT(process.durable().GetStats().restored.damaged, 0u);
  }
}

TEST_F(DurableTest, ALockedDatabaseDelaysAndNumbersStay) {
  {
    auto other = base::Database::Open(Path()).value();
    Process process(Path());
    auto writing = base::Transaction::Begin(*other);
    ASSERT_TRUE(writing);
    process.Put("a", 0, 1);
    process.Put("b", 0, 1);
    ASSERT_TRUE(writing->Commit());
    process.Put("a", 1, 2);
    process.Flush();
  }
  EXPECT_EQ(Process(Path()).Dump(), "a: 0=1 1=2; b: 0=1");
}

TEST(LogRow, AnyCutOrFlippedByteIsNoticedOrHarmless) {
  LogRowWriter row;
  for (int i = 0; i < 20; ++i) row.Add(i % 3, At(i), i, nullptr);
  row.Add(7, At(30), 0, Histogram(3).get());
  const std::string whole = row.Take();
  Unpacker unpacker;
  std::vector<LoggedSample> samples;
  ASSERT_TRUE(ReadLogRow(std::as_bytes(std::span(whole)), unpacker, samples));
  ASSERT_EQ(samples.size(), 21u);
  for (size_t size = 0; size < whole.size(); ++size) {
    samples.clear();
    EXPECT_FALSE(ReadLogRow(std::as_bytes(std::span(whole).first(size)), unpacker, samples)) << size;
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = whole;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    samples.clear();
    static_cast<void>(ReadLogRow(std::as_bytes(std::span(damaged)), unpacker, samples));
    ASSERT_LE(samples.size(), 1000u);
  }
}

// What the child says after each step.
struct Said {
  int step = 0;
  uint64_t submitted = 0;  // writes up to and with the step's
  uint64_t committed = 0;  // writes of which the writer says that they are in the file
};

// The child appends one sample of each series a step, and says on the pipe how far it and its writer are.
[[noreturn]] void Ingest(const std::string& path, int pipe, int first) {
  Process process(path, {}, {.least_log_samples = 800, .most_log_samples = 3'000, .log_age = std::chrono::hours(1)});
  for (int step = first;; ++step) {
    for (const char* name : {"a", "b", "c"}) process.Put(name, step, step);
    if (step % 50 == 0) process.durable().Maintain(At(step), At(-1));
    const base::WriteBehind::Stats stats = process.Stats();
    const Said said{step, stats.committed + stats.queued_writes, stats.committed};
    if (write(pipe, &said, sizeof said) != sizeof said) _exit(1);
    usleep(1000);
  }
}

// What the parent has read of it.
class Account {
 public:
  // False once the child has ended.
  bool Read(int pipe) {
    Said said;
    if (read(pipe, &said, sizeof said) != sizeof said) return false;
    said_.push_back(said);
    while (next_ < said_.size() && said_[next_].submitted <= said.committed) acknowledged_ = said_[next_++].step;
    return true;
  }
  int newest() const { return said_.empty() ? -1 : said_.back().step; }
  int acknowledged() const { return acknowledged_; }  // the newest step that is in the file; -1 if none

 private:
  std::vector<Said> said_;
  size_t next_ = 0;  // the first of said_ that is not acknowledged
  int acknowledged_ = -1;
};

// In some rounds the child lives until its writer has written by itself, in the others it is killed after a moment.
TEST_F(DurableTest, KilledAtAnyInstantItKeepsWhatWasWritten) {
  EXPECT_EQ(base::WriteBehind::Options{}.flush_interval, std::chrono::seconds(1)) << "the most that is lost";
  std::mt19937 random(7);
  int next = 0;
  for (int round = 0; round < 50; ++round) {
    const bool until_written = round % 8 == 7;
    SCOPED_TRACE(round);
    int pipes[2];
    ASSERT_EQ(pipe(pipes), 0);
    const pid_t child = fork();
    if (child == 0) Ingest(Path(), pipes[1], next);
    close(pipes[1]);
    Account account;
    while (until_written && account.acknowledged() < 0) ASSERT_TRUE(account.Read(pipes[0]));
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + random() % 150));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
    while (account.Read(pipes[0])) continue;
    close(pipes[0]);
    const int newest = std::max(account.newest(), next - 1);
    Process after(Path());
    int last = -1;
    const auto all = after.head().Select({}, kAlways).value();
    for (const auto& series : all) {
      Samples samples;
      series->Read(kAlways, samples);
      for (size_t i = 0; i < samples.size(); ++i) ASSERT_EQ(At(samples.values[i]), samples.times[i]);
      last = std::max(last, static_cast<int>(samples.values.back()));
      ASSERT_GE(static_cast<int>(samples.values.back()), account.acknowledged());
    }
    ASSERT_LE(last, newest + 1);
    next = std::max(newest, last) + 1;
  }
}

}  // namespace
}  // namespace store
