#include "store/durable.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <limits>
#include <unordered_map>

#include "base/log.h"
#include "store/block_codec.h"
#include "store/checkpoint.h"
#include "store/label_page.h"
#include "store/log_row.h"
#include "store/series.h"

namespace store {
namespace {

constexpr int kSchemaVersion = 3;
constexpr const char* kSchema = R"sql(
CREATE TABLE store_series(id INTEGER PRIMARY KEY, labels BLOB NOT NULL);
CREATE TABLE store_labels(first INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE store_log(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE store_blocks(id INTEGER PRIMARY KEY, min_time INTEGER NOT NULL, max_time INTEGER NOT NULL,
  data BLOB NOT NULL, format INTEGER NOT NULL DEFAULT 1);
CREATE INDEX store_blocks_max_time ON store_blocks(max_time);
)sql";
// Version 2, of tocsin 0.1, had only BlockFormat::chunks, and one series a row. Its rows stay as they are.
constexpr int kOldSchemaVersion = 2;
constexpr const char* kUpgrade = R"sql(
CREATE TABLE store_labels(first INTEGER PRIMARY KEY, data BLOB NOT NULL);
ALTER TABLE store_blocks ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
UPDATE schema_versions SET version = 3 WHERE room = 'store';
)sql";

int64_t Milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }

std::span<const std::byte> AsBytes(const std::string& text) { return std::as_bytes(std::span(text)); }

// Calls visit(statement) for each row.
template <class Visit>
base::Result<void> ForEachRow(base::Database& database, std::string_view sql, Visit visit) {
  TRY(base::Statement rows, database.Prepare(sql));
  while (true) {
    TRY(const bool row, rows.Step());
    if (!row) return {};
    visit(rows);
  }
}

// What a database holds, on its way into a head.
class Loader {
 public:
  // Told of each series; the reference is none for one that was left out.
  using Numbered = std::function<void(int64_t number, SeriesRef ref)>;

  Loader(base::Database& database, Head& head, Numbered numbered)
      : database_(database), head_(head), numbered_(std::move(numbered)) {}

  base::Result<Durable::Restored> Load(int64_t version) {
    TRY_VOID(LoadSeries(version));
    TRY_VOID(LoadBlocks(version));
    head_.EndRestore();
    TRY_VOID(LoadLog());
    if (restored_.damaged > 0) {
      base::LogError("rows of kept samples are damaged and were left out",
                     {{"file", database_.path()}, {"rows", restored_.damaged}});
    }
    return restored_;
  }

 private:
  base::Result<void> LoadSeries(int64_t version) {
    TRY_VOID(ForEachRow(database_, "SELECT id, labels FROM store_series ORDER BY id", [&](base::Statement& row) {
      restored_.damaged += !Add(row.Integer(0), ReadLabels(row.Blob(1)));
    }));
    if (version == kOldSchemaVersion) return {};
    return ForEachRow(database_, "SELECT first, data FROM store_labels ORDER BY first", [&](base::Statement& row) {
      int64_t number = row.Integer(0);
      bool sound = true;
      const bool whole =
          ReadLabelPage(row.Blob(1), [&](const base::Labels& labels) { sound = Add(number++, labels) && sound; });
      restored_.damaged += !sound || !whole;
    });
  }

  bool Add(int64_t number, const base::Labels& labels) {
    const SeriesRef ref = labels.empty() ? SeriesRef::none : head_.RestoreSeries(labels);
    numbered_(number, ref);
    restored_.series += ref != SeriesRef::none && refs_.emplace(number, ref).second;
    return !labels.empty();
  }

  base::Result<void> LoadBlocks(int64_t version) {
    const char* const sql = version == kOldSchemaVersion ? "SELECT data, 1 FROM store_blocks ORDER BY id"
                                                         : "SELECT data, format FROM store_blocks ORDER BY id";
    return ForEachRow(database_, sql, [&](base::Statement& row) {
      ++restored_.blocks;
      const auto format = static_cast<BlockFormat>(row.Integer(1));
      restored_.damaged += !ReadBlock(format, row.Blob(0), [&](int64_t number, ChunkPtr chunk) {
        head_.RestoreChunk(RefOf(number), std::move(chunk));
      });
    });
  }

  base::Result<void> LoadLog() {
    Unpacker unpacker;
    std::vector<LoggedSample> samples;
    return ForEachRow(database_, "SELECT data FROM store_log ORDER BY id", [&](base::Statement& row) {
      ++restored_.log_rows;
      samples.clear();
      restored_.damaged += !ReadLogRow(row.Blob(0), unpacker, samples);
      restored_.log_bytes += row.Blob(0).size();
      restored_.log_samples += samples.size();
      for (const LoggedSample& one : samples) head_.RestoreSample(RefOf(one.series), one.sample);
    });
  }

  SeriesRef RefOf(int64_t number) const {
    const auto found = refs_.find(number);
    return found == refs_.end() ? SeriesRef::none : found->second;
  }

  base::Database& database_;
  Head& head_;
  const Numbered numbered_;
  std::unordered_map<int64_t, SeriesRef> refs_;
  Durable::Restored restored_;
};

// 0 where there are no tables.
base::Result<int64_t> VersionOf(base::Database& database) {
  bool tables = false;
  TRY_VOID(ForEachRow(database, "SELECT 1 FROM sqlite_schema WHERE name = 'store_series'",
                      [&](base::Statement&) { tables = true; }));
  int64_t version = 0;
  if (!tables) return version;
  TRY_VOID(ForEachRow(database, "SELECT version FROM schema_versions WHERE room = 'store'",
                      [&](base::Statement& row) { version = row.Integer(0); }));
  return version;
}

}  // namespace

// The numbers of series and the log's length. Only the writer's thread touches it, the atomics aside.
struct Durable::State {
  explicit State(const Options& from) : options(from) {}

  static constexpr int64_t kMostNumber = std::numeric_limits<uint32_t>::max();
  // A series' number in the database, by its reference in the head; 0 is none.
  uint32_t& NumberOf(SeriesRef ref) {
    const auto id = static_cast<uint32_t>(SeriesTable::IdOf(ref));
    const auto round = static_cast<uint32_t>(static_cast<uint64_t>(ref) >> 32);
    if (round != generation) {  // the head has used up its numbers and begins again
      numbers.clear();
      generation = round;
    }
    if (id >= numbers.size()) numbers.resize(std::max<size_t>(id + 1, numbers.size() * 9 / 8));
    return numbers[id];
  }

  // Without looking at the series, whose memory is cold by now. 0: Number knows.
  int64_t NumberOfLogged(uint32_t id) const { return generation == 0 && id < numbers.size() ? numbers[id] : 0; }

  // Gives the series a number where it has none; `page` holds those that are not written yet.
  base::Result<int64_t> Number(base::Database& database, const MemSeries& series, LabelPageWriter& page) {
    uint32_t& number = NumberOf(series.ref());
    if (number != 0) return number;
    if (last_number >= kMostNumber) return base::Fail(base::ErrorCode::limit_exceeded, "the file has no numbers left");
    if (page.full()) TRY_VOID(WriteLabels(database, page));
    if (page.empty()) first_of_page = last_number + 1;
    page.Add(series.labels());
    number = static_cast<uint32_t>(++last_number);
    numbered = number;
    added.push_back(series.ref());
    return number;
  }

  base::Result<void> WriteLabels(base::Database& database, LabelPageWriter& page) const {
    const std::string bytes = page.Take();
    TRY(base::Statement insert, database.Prepare("INSERT INTO store_labels(first, data) VALUES(?1, ?2)"));
    return insert.Bind(1, first_of_page).Bind(2, AsBytes(bytes)).Run();
  }

  // What a transaction that was undone had numbered is not in the database. A series that is numbered twice because of
  // one refused write is no harm: both numbers are read.
  void Settle(bool committed) {
    if (!committed) {
      static_cast<void>(row.Take());
      for (const SeriesRef ref : added) NumberOf(ref) = 0;
    }
    added = {};  // at first these are all series
  }

  base::Result<void> Log(base::Database& database, const CommittedBatch& batch) {
    LabelPageWriter page;
    for (const CommittedBatch::Entry& entry : batch.entries) {
      if (entry.series == nullptr) continue;
      int64_t number = NumberOfLogged(entry.id);
      if (number == 0) {
        TRY(number, Number(database, *entry.series, page));
      }
      row.Add(number, entry.time, entry.value,
              entry.histogram == 0 ? nullptr : batch.histograms[entry.histogram - 1].get());
      if (row.full()) TRY_VOID(WriteRow(database));
    }
    if (!page.empty()) TRY_VOID(WriteLabels(database, page));
    return row.empty() ? base::Result<void>() : WriteRow(database);
  }

  base::Result<void> WriteRow(base::Database& database) {
    const size_t samples = row.count();
    const std::string bytes = row.Take();
    TRY(base::Statement insert, database.Prepare("INSERT INTO store_log(data) VALUES(?1)"));
    TRY_VOID(insert.Bind(1, AsBytes(bytes)).Run());
    log_bytes += bytes.size();
    log_samples += samples;
    return {};
  }

  base::Result<void> Checkpoint(base::Database& database) {
    TRY(const MovedLog moved, MoveLogToBlocks(database, last_number));
    block_bytes += moved.bytes;
    block_samples += moved.samples;
    log_bytes = 0;
    log_samples = 0;
    return {};
  }

  bool LogIsLong() const {
    return log_samples > std::clamp(numbered * kChunkSamples, options.least_log_samples, options.most_log_samples);
  }

  const Options options;
  LogRowWriter row;  // empty between batches
  int64_t first_of_page = 0;
  std::vector<uint32_t> numbers;
  uint32_t generation = 0;
  int64_t last_number = 0;
  std::vector<SeriesRef> added;  // by the transaction under way
  std::atomic<uint64_t> log_bytes = 0;
  std::atomic<uint64_t> log_samples = 0;
  std::atomic<uint64_t> numbered = 0;       // series
  std::atomic<bool> checkpointing = false;  // one is in line
  std::atomic<uint64_t> block_bytes = 0;
  std::atomic<uint64_t> block_samples = 0;
  Restored restored;  // does not change
};

base::Result<void> Durable::Prepare(base::Database& database) {
  TRY(const int64_t version, VersionOf(database));
  if (version == kOldSchemaVersion) {
    TRY(base::Transaction transaction, base::Transaction::Begin(database));
    TRY_VOID(database.Execute(kUpgrade));
    TRY_VOID(transaction.Commit());
  }
  return database.PrepareSchema("store", kSchemaVersion, kSchema);
}

Durable::Durable(base::WriteBehind& writer, std::shared_ptr<State> state, base::Timestamp now)
    : writer_(writer), state_(std::move(state)), log_since_(now) {}

base::Result<std::unique_ptr<Durable>> Durable::Restore(base::Database& database, Head& head, base::WriteBehind& writer,
                                                        base::Timestamp now, Options options) {
  auto state = std::make_shared<State>(options);
  Loader loader(database, head, [&](int64_t number, SeriesRef ref) {
    state->last_number = std::max(state->last_number, number);
    // of two rows of the same labels the later one goes on; both are read
    if (ref != SeriesRef::none && number <= State::kMostNumber) state->NumberOf(ref) = static_cast<uint32_t>(number);
  });
  TRY(state->restored, loader.Load(kSchemaVersion));
  state->numbered = state->restored.series;
  state->log_bytes = state->restored.log_bytes;
  state->log_samples = state->restored.log_samples;
  std::unique_ptr<Durable> durable(new Durable(writer, std::move(state), now));
  head.SetLog(durable.get());
  return durable;
}

base::Result<Durable::Restored> Durable::Read(base::Database& database, Head& head) {
  // one transaction, so that a checkpoint in between neither hides nor repeats a sample
  TRY_VOID(database.Execute("BEGIN"));
  auto restored = [&]() -> base::Result<Restored> {
    TRY(const int64_t version, VersionOf(database));
    if (version == 0) return base::Invalid(fmt::format("{} holds no samples", database.path()));
    if (version != kSchemaVersion && version != kOldSchemaVersion) {
      return base::Invalid(fmt::format("{}: samples are kept in version {}, this program reads {}", database.path(),
                                       version, kSchemaVersion));
    }
    return Loader(database, head, [](int64_t, SeriesRef) {}).Load(version);
  }();
  const auto ended = database.Execute("ROLLBACK");
  if (restored && !ended) return std::unexpected(ended.error());
  return restored;
}

void Durable::Append(std::shared_ptr<const CommittedBatch> batch) {
  const size_t bytes = batch->entries.size() * sizeof(CommittedBatch::Entry);
  writer_.Submit(
      {bytes,
       [state = state_, kept = std::move(batch)](base::Database& database) { return state->Log(database, *kept); },
       [state = state_, &writer = writer_](bool committed) {
         state->Settle(committed);
         if (committed && state->LogIsLong()) SubmitCheckpoint(writer, state);
       }});
}

void Durable::Checkpoint() { SubmitCheckpoint(writer_, state_); }

void Durable::SubmitCheckpoint(base::WriteBehind& writer, const std::shared_ptr<State>& state) {
  if (state->checkpointing.exchange(true)) return;
  writer.Submit({0, [state](base::Database& database) { return state->Checkpoint(database); },
                 [state](bool) { state->checkpointing = false; }, true});
}

void Durable::Maintain(base::Timestamp now, base::Timestamp floor) {
  if (state_->log_bytes == 0) log_since_ = now;
  if (now - log_since_.load() >= state_->options.log_age) {
    log_since_ = now;
    Checkpoint();
  }
  // A few blocks at a time, so that a shortened retention does not hold up what else is to be written.
  writer_.Submit({0, [floor](base::Database& database) -> base::Result<void> {
                    TRY(base::Statement remove,
                        database.Prepare("DELETE FROM store_blocks WHERE id IN "
                                         "(SELECT id FROM store_blocks WHERE max_time < ?1 LIMIT 200)"));
                    TRY_VOID(remove.Bind(1, Milliseconds(floor)).Run());
                    return database.Execute("PRAGMA incremental_vacuum(500)");
                  }});
}

Durable::Stats Durable::GetStats() const {
  return {.restored = state_->restored,
          .log_bytes = state_->log_bytes,
          .block_bytes = state_->block_bytes,
          .block_samples = state_->block_samples};
}

}  // namespace store
