#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "ingest/config.h"

namespace ingest {

// What a file of target groups looked like when it was read.
struct DiscoveredFile {
  int64_t changed = 0;  // modification time in nanoseconds
  int64_t size = 0;
  std::vector<TargetGroup> groups;
  bool operator==(const DiscoveredFile&) const = default;
};
using DiscoveredFiles = std::map<std::string, DiscoveredFile>;  // by path

// Looks at the files these settings name and reads those that are new or changed since `before`. A file that cannot be
// read keeps its groups of `before` and adds an error, once per change. Each group gets __meta_filepath.
DiscoveredFiles Discover(const std::vector<FileDiscovery>& settings, const DiscoveredFiles& before,
                         std::vector<base::Error>& errors);

std::vector<TargetGroup> GroupsOf(const DiscoveredFiles& files);

}  // namespace ingest
