#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace base {

enum class Unpacked : uint8_t { ok, malformed, too_large };

// Writes to `text` what gzip `bytes` hold, of one member or several, up to `limit` bytes; takes memory for no more than
// that. Where the answer is not ok, `text` may hold a part. http.h has the short form. Pure.
Unpacked Gunzip(std::string_view bytes, size_t limit, std::string& text);

}  // namespace base
