#pragma once

#include <optional>
#include <string>

#include "base/net/http_client.h"
#include "base/result.h"
#include "base/time.h"
#include "remote/config.h"

// One attempt to hand a request over, and what its answer means. Pure.

namespace remote {

// The request that posts `body`, which is compressed. Reads the secrets' files; fails where one cannot be read.
base::Result<base::HttpClientRequest> MakeRequest(const WriteConfig& config, std::string body, int attempt);

struct Verdict {
  enum class Kind : uint8_t { sent, retry, refused };
  Kind kind = Kind::sent;
  std::string reason{};                   // why it was not sent
  std::optional<base::Duration> after{};  // what the receiver asks for
  std::optional<size_t> written{};        // samples and histograms that a receiver of version 2 says it has stored
  bool repeated = false;                  // refused since there is the same sample, or a newer one of its series
};
// 2xx is sent; 5xx, 429 (if configured) and what goes wrong on the way are worth another try; everything else is
// final. A receiver that takes version 2 must say what it wrote: one that does not has not understood the request.
Verdict Judge(const base::Result<base::HttpClientResponse>& answer, const WriteConfig& config, base::Timestamp now);

// The pause before attempt `failures` + 1: min_backoff, doubled with each failure, up to max_backoff; what the receiver
// asks for counts instead.
base::Duration Pause(const QueueConfig& config, int failures, std::optional<base::Duration> asked);

}  // namespace remote
