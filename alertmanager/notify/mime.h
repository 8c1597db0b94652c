#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

// The encodings of mail: pure functions.

namespace alertmanager {

// A header's value as RFC 2047 writes it: plain where it is printable ASCII, else UTF-8 in base64 words folded over
// lines. Control characters become spaces, so that a value cannot begin a header of its own.
std::string EncodeHeader(std::string_view value);

// RFC 2045: lines of at most 76 characters, CRLF line ends.
std::string QuotedPrintable(std::string_view text);

// "Sat, 21 Nov 2026 00:00:00 +0000"
std::string MailDate(base::Timestamp time);

}  // namespace alertmanager
