#include "remote/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/net/http.h"
#include "base/text.h"
#include "ingest/config_fields.h"

namespace remote {
namespace {

using ingest::AddFields;

constexpr std::string_view kV1 = "prometheus.WriteRequest";
constexpr std::string_view kV2 = "io.prometheus.write.v2.Request";

template <class T>
base::Field<T> Count(std::string key, int64_t T::* member, int64_t default_value, std::string help) {
  return {{std::move(key), "integer", std::to_string(default_value), std::move(help), false, nullptr},
          [member](const base::YamlReader& in, T& out) {
            if (!base::ReadYaml(in, out.*member)) return false;
            constexpr int64_t kMost = 10'000'000;
            const bool good = out.*member >= 1 && out.*member <= kMost;
            if (!good) in.Fail(fmt::format("must be between 1 and {}", kMost));
            return good;
          }};
}

const base::YamlSchema<QueueConfig>& QueueSchema() {
  using C = QueueConfig;
  static const base::YamlSchema<C> schema({
      Count("capacity", &C::capacity, 10'000,
            "Samples that wait in memory at most, for each shard there may be: capacity × max_shards in all."),
      Count("max_shards", &C::max_shards, 50, "Requests that may be under way at once."),
      Count("min_shards", &C::min_shards, 1, "Requests over which even a few samples are spread."),
      Count("max_samples_per_send", &C::max_samples_per_send, 2'000, "Samples in one request at most."),
      base::Optional("batch_send_deadline", "duration", "5s", &C::batch_send_deadline,
                     "How long a sample waits for a request to fill."),
      base::Optional("min_backoff", "duration", "30ms", &C::min_backoff,
                     "The pause after a first failure; it doubles with each further one."),
      base::Optional("max_backoff", "duration", "5s", &C::max_backoff,
                     "The longest such pause. A Retry-After of the receiver counts instead."),
      base::Optional("retry_on_http_429", "bool", "true", &C::retry_on_http_429,
                     "Whether samples are sent again to a receiver that answers 429 (Prometheus: false)."),
      base::Optional("sample_age_limit", "duration", "0s", &C::sample_age_limit,
                     "Older samples are dropped and counted; 0 is no limit."),
      base::Optional("catch_up", "duration", "1d", &C::catch_up,
                     "How far back samples are read again from tocsin's own store, once the receiver is back, where "
                     "they did not fit the queue, and after a restart. 0: what does not fit is dropped, the oldest "
                     "first, and a restart begins with what comes. Not a key of Prometheus."),
  });
  return schema;
}

bool ReadYaml(const base::YamlReader& in, QueueConfig& out) {
  if (!QueueSchema().Read(in, out)) return false;
  if (out.min_shards > out.max_shards) {
    in.Fail("min_shards is above max_shards");
    return false;
  }
  if (out.min_backoff <= base::Duration(0) || out.max_backoff < out.min_backoff) {
    in.Fail("min_backoff must be above 0 and max_backoff not below it");
    return false;
  }
  return true;
}

const base::YamlSchema<MetadataConfig>& MetadataSchema() {
  using C = MetadataConfig;
  static const base::YamlSchema<C> schema({
      base::Optional("send", "bool", "true", &C::send, "Whether type, help and unit of scraped metrics are sent."),
      base::Optional("send_interval", "duration", "1m", &C::send_interval, "How often."),
      Count("max_samples_per_send", &C::max_samples_per_send, 2'000, "Metrics in one request at most."),
  });
  return schema;
}

bool ReadYaml(const base::YamlReader& in, MetadataConfig& out) {
  if (!MetadataSchema().Read(in, out)) return false;
  const bool good = out.send_interval > base::Duration(0);
  if (!good) in.Fail("send_interval must be above 0");
  return good;
}

bool ReadProtocol(const base::YamlReader& in, Protocol& out) {
  std::string name;
  if (!base::ReadYaml(in, name)) return false;
  const bool known = name == kV1 || name == kV2;
  if (!known) in.Fail(fmt::format("unknown protobuf message {}, expected {} or {}", base::Quote(name), kV1, kV2));
  out = name == kV2 ? Protocol::v2 : Protocol::v1;
  return known;
}

bool ReadUrl(const base::YamlReader& in, std::string& out) {
  if (!base::ReadYaml(in, out)) return false;
  const bool good = out.starts_with("http://") || out.starts_with("https://");
  if (!good)
    in.Fail(out.empty() ? "url for remote_write is empty" : "expected a URL that starts with http:// or https://");
  return good;
}

const base::YamlSchema<WriteConfig>& Schema() {
  using C = WriteConfig;
  static const base::YamlSchema<C> schema = [] {
    std::vector<base::Field<C>> fields = {
        {{"url", "URL", "", "Where samples are posted.", true, nullptr},
         [](const base::YamlReader& in, C& out) { return ReadUrl(in, out.url); }},
        base::Optional("remote_timeout", "duration", "30s", &C::remote_timeout, "How long one request may take."),
        base::Optional("name", "string", "made from the rest", &C::name, "The queue's name in metrics and logs."),
        {{"protobuf_message", "name", std::string(kV1),
          "prometheus.WriteRequest (remote write 1) or io.prometheus.write.v2.Request (2).", false, nullptr},
         [](const base::YamlReader& in, C& out) { return ReadProtocol(in, out.protocol); }},
        {{"write_relabel_configs", "list", "[]", "Rewrites or drops samples, external labels included.", false,
          &ingest::RelabelConfigHelp()},
         [](const base::YamlReader& in, C& out) { return base::ReadYaml(in, out.write_relabel_configs); }},
        base::Optional("send_native_histograms", "bool", "false", &C::send_native_histograms,
                       "Whether native histograms are sent."),
        {{"queue_config", "map", "", "How samples wait and are sent again.", false, &QueueSchema().help()},
         [](const base::YamlReader& in, C& out) { return ReadYaml(in, out.queue); }},
        {{"metadata_config", "map", "", "What is sent about metrics.", false, &MetadataSchema().help()},
         [](const base::YamlReader& in, C& out) { return ReadYaml(in, out.metadata); }},
        base::Optional("send_exemplars", "bool", "false", &C::send_exemplars,
                       "Whether exemplars are sent, each with the sample it came with; under "
                       "--enable-feature=exemplar-storage."),
    };
    AddFields(fields, base::HttpOptionsFields(&C::http));
    AddFields(fields, base::FieldsOfMember(&C::http, {base::PlainHeadersField()}));
    return base::YamlSchema<C>(std::move(fields));
  }();
  return schema;
}

// Stable over restarts: six hexadecimal digits of an FNV hash, where Prometheus takes an MD5 of the entry.
std::string NameOf(const base::YamlNode& node) {
  uint64_t hash = 14695981039346656037U;
  for (const char c : base::WriteYaml(node)) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211U;
  return fmt::format("{:06x}", hash >> 40);
}

bool ReadWriteConfig(const base::YamlReader& in, WriteConfig& out) {
  if (!Schema().Read(in, out)) return false;
  if (!base::CheckHttpOptions(in, out.http)) return false;
  if (out.remote_timeout <= base::Duration(0)) {
    in.Fail("remote_timeout must be above 0");
    return false;
  }
  if (out.name.empty()) out.name = NameOf(in.node());
  return true;
}

}  // namespace

std::string_view ToString(Protocol protocol) { return protocol == Protocol::v1 ? kV1 : kV2; }

const std::vector<base::FieldHelp>& WriteConfigHelp() { return Schema().help(); }

bool ReadWriteConfigs(const base::YamlReader& in, std::vector<WriteConfig>& out) {
  if (in.node().kind == base::YamlNode::Kind::null) return true;
  if (in.node().kind != base::YamlNode::Kind::sequence) {
    in.Fail("expected a list");
    return false;
  }
  bool good = true;
  std::set<std::string> names;
  for (size_t i = 0; i < in.node().items.size(); ++i) {
    const base::YamlReader item = in.Item(i);
    WriteConfig config;
    if (!ReadWriteConfig(item, config)) {
      good = false;
    } else if (!names.insert(config.name).second) {
      const bool named = item.node().Find("name") != nullptr;
      item.Fail(named ? "found multiple remote write configs with job name " + base::Quote(config.name)
                      : "duplicate remote write configs are not allowed, found duplicate for URL: " +
                            base::RedactUrl(config.url));
      good = false;
    }
    out.push_back(std::move(config));
  }
  return good;
}

void ResolvePaths(const std::string& folder, std::vector<WriteConfig>& configs) {
  for (WriteConfig& config : configs) base::ResolvePaths(folder, config.http);
}

}  // namespace remote
