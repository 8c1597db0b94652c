#include "ingest/file_discovery.h"

#include <sys/stat.h>

#include "base/file.h"

namespace ingest {
namespace {

DiscoveredFile ReadOne(const std::string& path, const DiscoveredFile* before, std::vector<base::Error>& errors) {
  DiscoveredFile file;
  struct stat status{};
  if (stat(path.c_str(), &status) == 0) {
    file.changed = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    file.size = status.st_size;
  }
  if (before != nullptr) {
    file.groups = before->groups;
    if (file == *before) return file;
  }
  auto groups = ReadTargetGroups(path);
  if (!groups) {
    errors.push_back(std::move(groups).error());
    return file;
  }
  file.groups = std::move(*groups);
  for (TargetGroup& group : file.groups) group.labels["__meta_filepath"] = path;
  return file;
}

}  // namespace

DiscoveredFiles Discover(const std::vector<FileDiscovery>& settings, const DiscoveredFiles& before,
                         std::vector<base::Error>& errors) {
  DiscoveredFiles files;
  for (const FileDiscovery& setting : settings) {
    for (const std::string& pattern : setting.files) {
      for (const std::string& path : base::Glob(pattern)) {
        const auto known = before.find(path);
        files.try_emplace(path, ReadOne(path, known == before.end() ? nullptr : &known->second, errors));
      }
    }
  }
  return files;
}

std::vector<TargetGroup> GroupsOf(const DiscoveredFiles& files) {
  std::vector<TargetGroup> groups;
  for (const auto& [path, file] : files) groups.insert(groups.end(), file.groups.begin(), file.groups.end());
  return groups;
}

}  // namespace ingest
