#include "app/remote_metadata.h"

#include <string_view>
#include <unordered_set>

namespace app {
namespace {

remote::MetricType ToRemote(ingest::MetricType type) {
  switch (type) {
    case ingest::MetricType::unknown:
      return remote::MetricType::unknown;
    case ingest::MetricType::counter:
      return remote::MetricType::counter;
    case ingest::MetricType::gauge:
      return remote::MetricType::gauge;
    case ingest::MetricType::histogram:
      return remote::MetricType::histogram;
    case ingest::MetricType::gauge_histogram:
      return remote::MetricType::gauge_histogram;
    case ingest::MetricType::summary:
      return remote::MetricType::summary;
    case ingest::MetricType::info:
      return remote::MetricType::info;
    case ingest::MetricType::stateset:
      return remote::MetricType::state_set;
  }
  return remote::MetricType::unknown;
}

}  // namespace

std::vector<remote::MetricMetadata> RemoteMetadata(const std::vector<ingest::TargetMetadata>& targets) {
  std::vector<remote::MetricMetadata> all;
  std::unordered_set<std::string_view> known;
  for (const ingest::TargetMetadata& target : targets) {
    for (const ingest::MetricMetadata& one : target.metadata) {
      if (!known.insert(one.metric).second) continue;
      all.push_back({one.metric, ToRemote(one.type), one.help, one.unit});
    }
  }
  return all;
}

}  // namespace app
