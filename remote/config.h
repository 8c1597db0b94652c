#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/net/http_options.h"
#include "base/time.h"
#include "base/yaml/yaml.h"
#include "ingest/relabel.h"

// `remote_write:` of prometheus.yml, with Prometheus' defaults and validity rules. What Prometheus knows and tocsin
// does not carry out is an error that names it.

namespace remote {

enum class Protocol : uint8_t { v1, v2 };
std::string_view ToString(Protocol protocol);  // the protobuf message's name, as in the file

struct QueueConfig {
  int64_t capacity = 10'000;  // samples that wait, for each shard there may be
  int64_t max_shards = 50;    // requests under way at once
  int64_t min_shards = 1;
  int64_t max_samples_per_send = 2'000;
  base::Duration batch_send_deadline = std::chrono::seconds(5);
  base::Duration min_backoff = std::chrono::milliseconds(30);
  base::Duration max_backoff = std::chrono::seconds(5);
  bool retry_on_http_429 = true;       // unlike Prometheus: a receiver that asks for patience loses nothing
  base::Duration sample_age_limit{0};  // 0: none
  // How far back samples are read again from the store, where they did not fit the queue or a stop came between. 0:
  // what does not fit is dropped. Not a key of Prometheus', which reads its log again for up to two hours.
  base::Duration catch_up = std::chrono::hours(24);
  bool operator==(const QueueConfig&) const = default;

  size_t MostWaiting() const { return static_cast<size_t>(capacity) * static_cast<size_t>(max_shards); }
};

struct MetadataConfig {
  bool send = true;
  base::Duration send_interval = std::chrono::minutes(1);
  int64_t max_samples_per_send = 2'000;
  bool operator==(const MetadataConfig&) const = default;
};

// One receiver.
struct WriteConfig {
  std::string url;
  std::string name;  // never empty once read: as in Prometheus, made from the rest where the file gives none
  Protocol protocol = Protocol::v1;
  base::Duration remote_timeout = std::chrono::seconds(30);
  std::vector<ingest::RelabelConfig> write_relabel_configs;
  bool send_native_histograms = false;
  bool send_exemplars = false;
  base::HttpOptions http{.http2 = false};  // as Prometheus: one connection would carry every request
  QueueConfig queue;
  MetadataConfig metadata;
  bool operator==(const WriteConfig&) const = default;
};
const std::vector<base::FieldHelp>& WriteConfigHelp();

// The list under `remote_write:`. Complains about repeated names and repeated entries.
bool ReadWriteConfigs(const base::YamlReader& in, std::vector<WriteConfig>& out);

// Relative paths (secrets, certificates) are meant from the folder of the configuration file.
void ResolvePaths(const std::string& folder, std::vector<WriteConfig>& configs);

}  // namespace remote
