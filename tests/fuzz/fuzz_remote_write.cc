#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/remote_write.h"
#include "store/appender.h"

// A request's body, as it is and out of snappy, in both versions of the protocol. What reaches the store keeps its
// contract: labels that are sorted and not empty, histograms that are there; and nothing of a message that is refused.

namespace {

constexpr size_t kLimit = 1 << 16;

struct Seen {
  size_t samples = 0;
  size_t commits = 0;
};

class CountingAppender : public store::Appender {
 public:
  explicit CountingAppender(Seen& seen) : seen_(seen) {}
  store::Appended Append(store::SeriesRef, const base::Labels& labels, base::Timestamp, double) override {
    return Take(labels);
  }
  store::Appended AppendHistogram(store::SeriesRef, const base::Labels& labels, base::Timestamp,
                                  store::HistogramPtr histogram) override {
    if (histogram == nullptr) std::abort();
    return Take(labels);
  }
  base::Result<void> Commit() override {
    seen_.samples += pending_;
    ++seen_.commits;
    pending_ = 0;
    return {};
  }
  void Rollback() override { pending_ = 0; }

 private:
  store::Appended Take(const base::Labels& labels) {
    std::string_view last;
    for (const base::Label& label : labels) {
      if (!last.empty() && label.name <= last) std::abort();
      last = label.name;
    }
    ++pending_;
    return {store::SeriesRef{1}, store::AppendStatus::ok};
  }

  Seen& seen_;
  size_t pending_ = 0;
};

class CountingStore : public store::Appendable {
 public:
  std::unique_ptr<store::Appender> NewAppender() override { return std::make_unique<CountingAppender>(seen_); }
  const Seen& seen() const { return seen_; }

 private:
  Seen seen_;
};

void Ingest(std::string_view message) {
  for (const auto version : {ingest::RemoteWriteVersion::v1, ingest::RemoteWriteVersion::v2}) {
    CountingStore store;
    const auto report = ingest::IngestRemoteWrite(message, version, base::Timestamp{}, store);
    const size_t stored = report ? report->samples + report->histograms : 0;
    if (store.seen().samples != stored) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Ingest(bytes);
  if (const auto message = ingest::Unsnappy(bytes, kLimit); message) {
    if (message->size() > kLimit) std::abort();
    Ingest(*message);
  }
  return 0;
}
