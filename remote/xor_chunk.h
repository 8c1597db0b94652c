#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/time.h"

namespace remote {

inline constexpr size_t kXorChunkSamples = 120;

// One to kXorChunkSamples samples, rising in time, as Prometheus' XOR chunk (tsdb/docs/format/chunks.md). Pure.
std::string EncodeXorChunk(std::span<const base::Timestamp> times, std::span<const double> values);

}  // namespace remote
