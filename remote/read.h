#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/net/http_server.h"
#include "base/result.h"
#include "store/querier.h"

namespace remote {

// What one request of remote read may cost.
struct ReadLimits {
  size_t request_bytes = 1UL << 20;   // of the message after snappy
  size_t samples = 10'000'000;        // of all queries
  size_t answer_bytes = 256UL << 20;  // before snappy
  size_t frame_bytes = 1UL << 20;     // of chunks in a message of a stream; a message has one chunk at least
};

// An answer to prometheus.ReadRequest.
struct ReadAnswer {
  bool streamed = false;  // ChunkedReadResponse messages, each behind its size and CRC-32C; else one ReadResponse
  std::string body{};
};

// Answers the message of a request (prometheus/prompb/remote.proto, after snappy). `external` labels are added to the
// series that lack them, and an equal matcher for one of them always holds. The stream of XOR chunks is chosen where
// the client names it first of what it accepts; a stream with native histograms is answered as samples if the client
// takes these, else it is an error. Errors: invalid_argument (the message, a matcher), limit_exceeded, the querier's.
base::Result<ReadAnswer> AnswerRead(std::string_view message, const store::Querier& querier,
                                    const base::Labels& external, const ReadLimits& limits = {});

// POST /api/v1/read. The querier outlives it; `external` is called per request, from any thread.
base::Endpoint ReadEndpoint(const store::Querier& querier, std::function<base::Labels()> external);

}  // namespace remote
