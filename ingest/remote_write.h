#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/net/http_server.h"
#include "base/result.h"
#include "base/time.h"
#include "store/appender.h"

namespace ingest {

enum class RemoteWriteVersion : uint8_t { v1, v2 };

// What became of one request.
struct RemoteWriteReport {
  size_t samples = 0;            // stored
  size_t histograms = 0;         // stored
  size_t exemplars = 0;          // stored, or stored before
  size_t exemplars_refused = 0;  // out of order or with impossible labels; those too long or not kept are in no number
  size_t refused = 0;            // not stored, for what the store answered
  size_t invalid = 0;            // not stored, because labels or buckets cannot be
  std::string first_reason;      // of refused and invalid
  std::string exemplar_reason;   // of the first of exemplars_refused
};

// Decodes a request of Prometheus' remote write (the protobuf message, after snappy) and appends its samples; those of
// other series count whatever becomes of one. Metadata is passed over. invalid_argument: the message
// cannot be read, and nothing was stored; the store's own error otherwise.
base::Result<RemoteWriteReport> IngestRemoteWrite(std::string_view message, RemoteWriteVersion version,
                                                  base::Timestamp now, store::Appendable& store);

// Snappy's block format, for at most `limit` bytes of content.
base::Result<std::string> Unsnappy(std::string_view bytes, size_t limit);

// POST /api/v1/write: versions 1 and 2 by Content-Type; 204 when everything was stored, 400 when something was refused
// (the rest is stored all the same; exemplars count with version 2 alone), 415 for other encodings. What it is given
// outlives it.
std::vector<base::Endpoint> RemoteWriteEndpoints(store::Appendable& store, const base::Clock& clock);

}  // namespace ingest
