#include "store/durable.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <unordered_map>

#include "base/log.h"
#include "store/log_row.h"
#include "store/series.h"

namespace store {
namespace {

constexpr int kSchemaVersion = 2;
constexpr const char* kSchema = R"sql(
CREATE TABLE store_series(id INTEGER PRIMARY KEY, labels BLOB NOT NULL);
CREATE TABLE store_log(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE store_blocks(id INTEGER PRIMARY KEY, min_time INTEGER NOT NULL, max_time INTEGER NOT NULL,
  data BLOB NOT NULL);
CREATE INDEX store_blocks_max_time ON store_blocks(max_time);
)sql";

int64_t Milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }

std::string WriteLabels(const base::Labels& labels) {
  ByteWriter out;
  for (const base::Label& label : labels) {
    out.Text(label.name);
    out.Text(label.value);
  }
  return out.Take();
}

base::Labels ReadLabels(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  base::LabelsBuilder labels;
  while (in.ok() && in.left() > 0) {
    const std::string_view name = in.Text();
    const std::string_view value = in.Text();
    if (in.ok()) labels.Set(name, value);
  }
  return in.ok() ? labels.Build() : base::Labels();
}

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

// Fills an empty head. numbered(number, ref) is told of each series, ref is none for one that was left out.
template <class Numbered>
base::Result<Durable::Restored> Load(base::Database& database, Head& head, uint64_t& log_bytes, Numbered numbered) {
  Durable::Restored restored;
  std::unordered_map<int64_t, SeriesRef> refs;
  TRY_VOID(ForEachRow(database, "SELECT id, labels FROM store_series ORDER BY id", [&](base::Statement& row) {
    const base::Labels labels = ReadLabels(row.Blob(1));
    const SeriesRef ref = labels.empty() ? SeriesRef::none : head.RestoreSeries(labels);
    restored.damaged += labels.empty();
    numbered(row.Integer(0), ref);
    if (ref != SeriesRef::none) refs.emplace(row.Integer(0), ref);
  }));
  restored.series = refs.size();
  const auto ref_of = [&](int64_t number) {
    const auto found = refs.find(number);
    return found == refs.end() ? SeriesRef::none : found->second;
  };
  TRY_VOID(ForEachRow(database, "SELECT data FROM store_blocks ORDER BY id", [&](base::Statement& row) {
    ++restored.blocks;
    restored.damaged += !ReadBlock(
        row.Blob(0), [&](int64_t number, ChunkPtr chunk) { head.RestoreChunk(ref_of(number), std::move(chunk)); });
  }));
  head.EndRestore();
  std::vector<LoggedSample> samples;
  TRY_VOID(ForEachRow(database, "SELECT data FROM store_log ORDER BY id", [&](base::Statement& row) {
    ++restored.log_rows;
    samples.clear();
    log_bytes += row.Blob(0).size();
    restored.damaged += !ReadLogRow(row.Blob(0), samples);
    for (const LoggedSample& one : samples) head.RestoreSample(ref_of(one.series), one.sample);
  }));
  if (restored.damaged > 0) {
    base::LogError("rows of kept samples are damaged and were left out",
                   {{"file", database.path()}, {"rows", restored.damaged}});
  }
  return restored;
}

base::Result<void> CheckVersion(base::Database& database) {
  bool tables = false;
  TRY_VOID(ForEachRow(database, "SELECT 1 FROM sqlite_schema WHERE name = 'store_series'",
                      [&](base::Statement&) { tables = true; }));
  if (!tables) return base::Invalid(fmt::format("{} holds no samples", database.path()));
  int64_t version = 0;
  TRY_VOID(ForEachRow(database, "SELECT version FROM schema_versions WHERE room = 'store'",
                      [&](base::Statement& row) { version = row.Integer(0); }));
  if (version == kSchemaVersion) return {};
  return base::Invalid(fmt::format("{}: samples are kept in version {}, this program reads {}", database.path(),
                                   version, kSchemaVersion));
}

}  // namespace

// The numbers of series and the log's length. Only the writer's thread touches it, the atomics aside.
struct Durable::State {
  // A series' number in the database, by its reference in the head; 0 is none.
  int64_t& NumberOf(SeriesRef ref) {
    const auto id = static_cast<uint32_t>(SeriesTable::IdOf(ref));
    const auto round = static_cast<uint32_t>(static_cast<uint64_t>(ref) >> 32);
    if (round != generation) {  // the head has used up its numbers and begins again
      numbers.clear();
      generation = round;
    }
    if (id >= numbers.size()) numbers.resize(std::max<size_t>(id + 1, numbers.size() * 3 / 2));
    return numbers[id];
  }

  // Without looking at the series, whose memory is cold by now. 0: Number knows.
  int64_t NumberOfLogged(uint32_t id) const { return generation == 0 && id < numbers.size() ? numbers[id] : 0; }

  base::Result<int64_t> Number(base::Database& database, const MemSeries& series) {
    int64_t& number = NumberOf(series.ref());
    if (number != 0) return number;
    TRY(base::Statement insert, database.Prepare("INSERT INTO store_series(id, labels) VALUES(?1, ?2)"));
    const int64_t next = last_number + 1;
    TRY_VOID(insert.Bind(1, next).Bind(2, AsBytes(WriteLabels(series.labels()))).Run());
    last_number = next;
    number = next;
    numbered = static_cast<uint64_t>(next);
    added.push_back(series.ref());
    return next;
  }

  // What a transaction that was undone had numbered is not in the database. A series that is numbered twice because of
  // one refused write is no harm: both numbers are read.
  void Settle(bool committed) {
    if (!committed) {
      for (const SeriesRef ref : added) NumberOf(ref) = 0;
    }
    added.clear();
  }

  base::Result<void> Log(base::Database& database, const CommittedBatch& batch) {
    LogRowWriter row;
    for (const CommittedBatch::Entry& entry : batch.entries) {
      if (entry.series == nullptr) continue;
      int64_t number = NumberOfLogged(entry.id);
      if (number == 0) {
        TRY(number, Number(database, *entry.series));
      }
      row.Add(number, entry.time, entry.value,
              entry.histogram == 0 ? nullptr : batch.histograms[entry.histogram - 1].get());
    }
    if (row.empty()) return {};
    const std::string bytes = row.Take();
    TRY(base::Statement insert, database.Prepare("INSERT INTO store_log(data) VALUES(?1)"));
    TRY_VOID(insert.Bind(1, AsBytes(bytes)).Run());
    log_bytes += bytes.size();
    return {};
  }

  base::Result<void> Checkpoint(base::Database& database) {
    std::vector<LoggedSample> samples;
    size_t damaged = 0;
    TRY_VOID(ForEachRow(database, "SELECT data FROM store_log ORDER BY id",
                        [&](base::Statement& row) { damaged += !ReadLogRow(row.Blob(0), samples); }));
    if (damaged > 0) base::LogError("rows of the sample log are damaged", {{"rows", damaged}});
    std::ranges::stable_sort(samples, {},
                             [](const LoggedSample& one) { return std::pair(one.series, one.sample.time); });
    const size_t count = samples.size();
    uint64_t written = 0;
    for (const Block& block : WriteBlocks(std::move(samples))) {
      TRY(base::Statement insert,
          database.Prepare("INSERT INTO store_blocks(min_time, max_time, data) VALUES(?1, ?2, ?3)"));
      TRY_VOID(
          insert.Bind(1, Milliseconds(block.min)).Bind(2, Milliseconds(block.max)).Bind(3, AsBytes(block.bytes)).Run());
      written += block.bytes.size();
    }
    TRY_VOID(database.Execute("DELETE FROM store_log"));
    block_bytes += written;
    block_samples += count;
    log_bytes = 0;
    return database.Execute("PRAGMA incremental_vacuum");
  }

  std::vector<int64_t> numbers;
  uint32_t generation = 0;
  int64_t last_number = 0;
  std::vector<SeriesRef> added;  // by the transaction under way
  std::atomic<uint64_t> log_bytes = 0;
  std::atomic<uint64_t> numbered = 0;       // series
  std::atomic<bool> checkpointing = false;  // one is in line
  std::atomic<uint64_t> block_bytes = 0;
  std::atomic<uint64_t> block_samples = 0;
  Restored restored;  // does not change
};

base::Result<void> Durable::Prepare(base::Database& database) {
  return database.PrepareSchema("store", kSchemaVersion, kSchema);
}

Durable::Durable(base::WriteBehind& writer, Options options, std::shared_ptr<State> state, base::Timestamp now)
    : writer_(writer), options_(options), state_(std::move(state)), log_since_(now) {}

base::Result<std::unique_ptr<Durable>> Durable::Restore(base::Database& database, Head& head, base::WriteBehind& writer,
                                                        base::Timestamp now, Options options) {
  auto state = std::make_shared<State>();
  uint64_t log_bytes = 0;
  TRY(state->restored, Load(database, head, log_bytes, [&](int64_t number, SeriesRef ref) {
        state->last_number = std::max(state->last_number, number);
        // of two rows of the same labels the later one goes on; both are read
        if (ref != SeriesRef::none) state->NumberOf(ref) = number;
      }));
  state->numbered = state->restored.series;
  state->log_bytes = log_bytes;
  std::unique_ptr<Durable> durable(new Durable(writer, options, std::move(state), now));
  head.SetLog(durable.get());
  return durable;
}

base::Result<Durable::Restored> Durable::Read(base::Database& database, Head& head) {
  // one transaction, so that a checkpoint in between neither hides nor repeats a sample
  TRY_VOID(database.Execute("BEGIN"));
  uint64_t log_bytes = 0;
  auto restored = [&]() -> base::Result<Restored> {
    TRY_VOID(CheckVersion(database));
    return Load(database, head, log_bytes, [](int64_t, SeriesRef) {});
  }();
  const auto ended = database.Execute("ROLLBACK");
  if (restored && !ended) return std::unexpected(ended.error());
  return restored;
}

bool Durable::LogIsLong() const {
  constexpr size_t kBytesOfSample = 6;  // about
  return state_->log_bytes > std::clamp(state_->numbered * kChunkSamples * kBytesOfSample, options_.least_log_bytes,
                                        options_.most_log_bytes);
}

void Durable::Append(std::shared_ptr<const CommittedBatch> batch) {
  const size_t bytes = batch->entries.size() * sizeof(CommittedBatch::Entry);
  writer_.Submit(
      {bytes,
       [state = state_, kept = std::move(batch)](base::Database& database) { return state->Log(database, *kept); },
       [state = state_](bool committed) { state->Settle(committed); }});
  if (LogIsLong()) Checkpoint();
}

void Durable::Checkpoint() {
  if (state_->checkpointing.exchange(true)) return;
  writer_.Submit({0, [state = state_](base::Database& database) { return state->Checkpoint(database); },
                  [state = state_](bool) { state->checkpointing = false; }, true});
}

void Durable::Maintain(base::Timestamp now, base::Timestamp floor) {
  if (state_->log_bytes == 0) log_since_ = now;
  if (now - log_since_.load() >= options_.log_age) {
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
