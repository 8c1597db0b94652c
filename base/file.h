#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// Reads files that a person named. Thread-safe.

namespace base {

inline constexpr size_t kLargestFile = 1UL << 30;  // bytes

// The whole content of the regular file `path`; symbolic links are followed. Never waits for a peer: a FIFO, a socket
// or a device is refused, so that a reload cannot hang. Only what a shell hands over (/dev/stdin, /dev/fd/N) is read to
// its end whatever it is. Errors: not_found (cannot be opened), invalid_argument (a directory or another kind of file),
// limit_exceeded (more than kLargestFile), unavailable (reading failed). `what` names the file's role in the message:
// "cannot read {what} "path": No such file or directory".
Result<std::string> ReadFile(const std::string& path, std::string_view what = {});

// The same for a path on the command line of a check, which ends with it: FIFOs and devices are read to their end, too.
Result<std::string> ReadFileOrStream(const std::string& path);

// The paths that match a shell pattern, sorted; without wildcards, the path itself if it exists.
std::vector<std::string> Glob(const std::string& pattern);

// Whether Prometheus takes `path` in rule_files and scrape_config_files: a "*" may stand in the last part only.
bool IsFilePattern(const std::string& path);

}  // namespace base
