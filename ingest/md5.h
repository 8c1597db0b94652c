#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace ingest {

// RFC 1321. Not for secrets: relabelling's hashmod is defined by it.
std::array<uint8_t, 16> Md5(std::string_view text);

}  // namespace ingest
