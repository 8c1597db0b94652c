#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/net/http_client.h"
#include "remote/config.h"
#include "remote/delivery.h"
#include "remote/log_limit.h"
#include "remote/metrics.h"
#include "remote/outbox.h"
#include "remote/write_request.h"

namespace remote {

enum class Phase : uint8_t {
  running,
  flushing,    // what waits goes out at once, then it ends
  winding_up,  // what is under way is waited for, nothing else begins
  abandoned,   // nothing is waited for
};

// Where a queue's thread is told things. Outlives the queue while requests are under way.
struct Mailbox {
  explicit Mailbox(size_t capacity) : outbox(capacity) {}

  struct Answer {
    uint64_t round = 0;
    size_t lane = 0;
    base::Result<base::HttpClientResponse> result;
    std::chrono::nanoseconds took{0};
  };
  std::mutex mutex;
  std::condition_variable changed;
  Outbox outbox;  // guarded by mutex, like the rest
  Phase phase = Phase::running;
  std::vector<Answer> answers;
  // Set: what comes is not put into the outbox, but read from the store once the outbox is empty.
  struct Behind {
    base::Timestamp read_from;                        // may be earlier than what was not sent
    base::Timestamp unsent_since;                     // everything older was sent
    std::optional<base::Timestamp> again_until = {};  // an earlier process may have sent some of what is older
  };
  std::optional<Behind> behind;
  size_t overflowed = 0;  // dropped for want of room and not yet logged
  bool ended = false;     // the thread
};

// Sends samples in rounds. A round is split by series over lanes, so that the samples of each series stay in order; a
// lane sends one request at a time and repeats it until it is taken or refused for good. Used by one thread. What it is
// given outlives it.
class Sender {
 public:
  struct Parts {
    const base::Clock& clock;
    base::HttpClient& client;
    QueueMetrics& metrics;
  };
  Sender(const WriteConfig& config, std::shared_ptr<Mailbox> mailbox, Parts parts);

  struct Round {
    std::vector<Outgoing> samples;
    size_t lanes = 1;
    // The receiver may have the first of each series. One that refuses a whole request for that is sent smaller ones,
    // until what is left out is what it has.
    bool again = false;
  };
  // Returns what could not be settled before the phase asked for the end; else nothing. `waiting` is called at least
  // once a second meanwhile.
  std::vector<Outgoing> Send(Round round, const FindMetadata& metadata, const std::function<void()>& waiting);
  // Of the samples that are not settled; max() if there are none.
  base::Timestamp oldest_unsent() const;

 private:
  struct Lane {
    std::vector<Outgoing> samples;
    size_t taken = 0;             // of samples, into requests
    std::vector<Outgoing> chunk;  // of the request under way or to be repeated
    SampleCount count;            // of the chunk
    base::Timestamp highest;
    size_t bytes = 0;
    int attempts = 0;
    size_t most = 0;  // samples of the next request
    base::Timestamp due;
    bool under_way = false;
    bool Done() const { return chunk.empty() && taken == samples.size(); }
  };

  void Split(std::vector<Outgoing> samples, size_t lanes);
  void Begin(size_t number, const FindMetadata& metadata);
  bool FillChunk(Lane& lane);
  void Settle(Lane& lane, const Verdict& verdict);
  bool SettleAgain(Lane& lane, const Verdict& verdict);
  static void PutBack(Lane& lane);
  void Repeat(Lane& lane, const Verdict& verdict);
  std::vector<Mailbox::Answer> Wait(Phase seen);
  void LogOverflow(size_t samples);

  const WriteConfig& config_;
  const std::shared_ptr<Mailbox> mailbox_;
  const Parts parts_;
  const std::string url_;  // as logs show it
  std::vector<Lane> lanes_;
  uint64_t round_ = 0;
  bool again_ = false;  // this round
  bool failing_ = false;
  LogLimit retries_;
  LogLimit refusals_;
  LogLimit overflows_;
};

SampleCount CountSamples(const std::vector<Outgoing>& samples);

}  // namespace remote
