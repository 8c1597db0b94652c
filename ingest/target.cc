#include "ingest/target.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace ingest {
namespace {

constexpr std::string_view kParameterPrefix = "__param_";

std::string QueryOf(const ScrapeConfig& config, const base::LabelsBuilder& labels, const base::Labels& all) {
  std::map<std::string, std::vector<std::string>> parameters = config.params;
  for (const base::Label& label : all) {
    if (!label.name.starts_with(kParameterPrefix)) continue;
    std::vector<std::string>& values = parameters[std::string(label.name.substr(kParameterPrefix.size()))];
    if (values.empty()) values.emplace_back();
    values.front() = labels.Get(label.name);
  }
  std::string query;
  for (const auto& [name, values] : parameters) {
    for (const std::string& value : values) {
      query += (query.empty() ? "?" : "&") + base::EscapeUrlQuery(name) + "=" + base::EscapeUrlQuery(value);
    }
  }
  return query;
}

base::LabelsBuilder Discovered(const ScrapeConfig& config, std::string_view address,
                               const std::map<std::string, std::string>& group) {
  base::LabelsBuilder labels;
  for (const auto& [name, values] : config.params) {
    if (!values.empty()) labels.Set(std::string(kParameterPrefix) + name, values.front());
  }
  labels.Set("job", config.job_name);
  labels.Set("__metrics_path__", config.metrics_path);
  labels.Set("__scheme__", config.scheme);
  labels.Set("__scrape_interval__", base::FormatDuration(config.scrape_interval));
  labels.Set("__scrape_timeout__", base::FormatDuration(config.scrape_timeout));
  labels.Set("__address__", address);
  for (const auto& [name, value] : group) labels.Set(name, value);
  return labels;
}

base::Result<base::Duration> PositiveDuration(const base::LabelsBuilder& labels, std::string_view name,
                                              const std::string& what) {
  const auto duration = base::ParseDuration(labels.Get(name));
  if (!duration) return base::Invalid("error parsing scrape " + what + ": " + duration.error().message);
  if (*duration <= base::Duration(0)) return base::Invalid("scrape " + what + " cannot be 0");
  return *duration;
}

base::Result<void> SetTimes(const base::LabelsBuilder& labels, Target& target) {
  TRY(target.interval, PositiveDuration(labels, "__scrape_interval__", "interval"));
  TRY(target.timeout, PositiveDuration(labels, "__scrape_timeout__", "timeout"));
  if (target.timeout <= target.interval) return {};
  return base::Invalid("scrape timeout cannot be greater than scrape interval (\"" +
                       std::string(labels.Get("__scrape_timeout__")) + "\" > \"" +
                       std::string(labels.Get("__scrape_interval__")) + "\")");
}

uint64_t StableHash(std::string_view text, uint64_t hash) {
  constexpr uint64_t kPrime = 1099511628211ULL;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kPrime;
  return (hash ^ 0xff) * kPrime;
}

}  // namespace

base::Labels Target::PublicLabels() const {
  base::LabelsBuilder kept;
  for (const base::Label& label : labels) {
    if (!label.name.starts_with("__")) kept.Set(label.name, label.value);
  }
  return kept.Build();
}

base::Result<std::optional<Target>> MakeTarget(const ScrapeConfig& config, std::string_view address,
                                               const std::map<std::string, std::string>& group) {
  Target target;
  base::LabelsBuilder labels = Discovered(config, address, group);
  target.discovered = labels.Build();
  if (!Relabel(config.relabel_configs, labels)) return std::optional<Target>();
  const std::string final_address(labels.Get("__address__"));
  if (final_address.empty()) return base::Invalid("no address");
  if (final_address.contains('/')) return base::Invalid(base::Quote(final_address) + " is not a valid hostname");
  TRY_VOID(SetTimes(labels, target));
  const std::string scheme(labels.Get("__scheme__"));
  if (scheme != "http" && scheme != "https") return base::Invalid("unknown scheme " + base::Quote(scheme));
  if (labels.Get("instance").empty()) labels.Set("instance", final_address);
  for (const base::Label& label : labels.Build()) {
    if (label.name.starts_with("__meta_")) labels.Remove(label.name);
    if (!base::IsValidUtf8(label.value)) {
      return base::Invalid("invalid label value for " + base::Quote(label.name) + ": " + base::Quote(label.value));
    }
  }
  target.labels = labels.Build();
  std::string path(labels.Get("__metrics_path__"));
  if (!path.starts_with('/')) path.insert(0, 1, '/');
  target.url = scheme + "://" + final_address + base::ReplaceAll(std::move(path), "?", "%3F") +
               QueryOf(config, labels, target.labels);
  return target;
}

TargetSet MakeTargets(const ScrapeConfig& config, const std::vector<TargetGroup>& groups) {
  TargetSet set;
  for (const TargetGroup& group : groups) {
    for (const std::string& address : group.targets) {
      auto target = MakeTarget(config, address, group.labels);
      if (!target) {
        base::Error error = std::move(target).error();
        error.message =
            "target " + base::Quote(address) + " of job " + base::Quote(config.job_name) + ": " + error.message;
        set.errors.push_back(std::move(error));
      } else if (*target) {
        set.targets.push_back(std::move(**target));
      } else if (config.keep_dropped_targets == 0 || std::cmp_less(set.dropped.size(), config.keep_dropped_targets)) {
        base::LabelsBuilder discovered = Discovered(config, address, group.labels);
        set.dropped.push_back(discovered.Build());
      }
    }
  }
  std::ranges::sort(set.targets, {}, &Target::labels);
  const auto repeated = std::ranges::unique(set.targets, {}, &Target::labels);
  set.targets.erase(repeated.begin(), repeated.end());
  return set;
}

base::Duration ScrapeOffset(const Target& target, uint64_t seed) {
  uint64_t hash = 14695981039346656037ULL;
  for (const base::Label& label : target.labels) hash = StableHash(label.value, StableHash(label.name, hash));
  hash = StableHash(target.url, hash) ^ seed;
  hash ^= hash >> 29;
  return base::Duration(static_cast<int64_t>(hash % static_cast<uint64_t>(target.interval.count())));
}

base::Timestamp NextScrape(base::Timestamp now, base::Duration interval, base::Duration offset) {
  const base::Duration since = now.time_since_epoch();
  base::Timestamp next(since - since % interval + offset);
  if (next - interval >= now) next -= interval;
  while (next < now) next += interval;
  return next;
}

}  // namespace ingest
