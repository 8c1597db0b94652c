#include "remote/writer.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace remote {

Writer::Writer(Options options) : options_(options) {}

Writer::~Writer() { Stop(base::Duration(0)); }

void Writer::SetMetadata(MetadataSource source) {
  const std::scoped_lock lock(metadata_mutex_);
  metadata_ = std::move(source);
}

std::shared_ptr<Queue> Writer::NewQueue(const WriteConfig& config, const base::Labels& external_labels) {
  MetadataSource metadata = [this] {
    const std::scoped_lock lock(metadata_mutex_);
    return metadata_ ? metadata_() : std::vector<MetricMetadata>();
  };
  return std::make_shared<Queue>(
      config, external_labels,
      Queue::Parts{options_.clock, options_.client, *metrics_, std::move(metadata), options_.head, options_.positions});
}

void Writer::Apply(std::span<const WriteConfig> configs, const base::Labels& external_labels, base::Duration limit) {
  const std::scoped_lock applying(applying_);
  if (!metrics_ && !configs.empty()) metrics_ = std::make_unique<Metrics>(options_.registry);
  std::vector<std::shared_ptr<Queue>> old;
  {
    const std::scoped_lock lock(mutex_);
    old = queues_;
  }
  std::vector<std::string> names;
  for (const auto& queue : old) names.push_back(queue->config().name);
  std::vector<std::shared_ptr<Queue>> wanted;
  std::vector<std::shared_ptr<Queue>> made;
  for (const WriteConfig& config : configs) {
    const auto same = std::ranges::find_if(old, [&](const auto& queue) { return queue->Is(config, external_labels); });
    if (same != old.end()) {
      wanted.push_back(*same);
      old.erase(same);
    } else {
      wanted.push_back(made.emplace_back(NewQueue(config, external_labels)));
    }
  }
  {
    const std::scoped_lock lock(mutex_);
    queues_ = std::move(wanted);
  }
  // nothing comes to the old ones any more
  for (const auto& queue : made) {
    const WriteConfig& config = queue->config();
    const auto heir_of = std::ranges::find_if(old, [&](const auto& other) {
      return other->config().name == config.name || other->config().url == config.url;
    });
    if (heir_of != old.end()) {
      queue->Inherit((*heir_of)->HandOver(limit));
      old.erase(heir_of);
    } else if (const auto kept = options_.kept.find(config.name); kept != options_.kept.end()) {
      queue->ResumeFrom(kept->second);
    }
    queue->Start();
  }
  for (const auto& queue : old) queue->Flush();
  const base::Timestamp deadline = options_.clock.Now() + limit;
  for (const auto& queue : old) queue->Stop(std::max(base::Duration(0), deadline - options_.clock.Now()));
  for (const auto& [name, time] : std::exchange(options_.kept, {})) names.push_back(name);
  ForgetPositions(names);
}

// Of those that are no queue's any more: one that comes back begins anew.
void Writer::ForgetPositions(std::span<const std::string> names) {
  if (options_.positions == nullptr) return;
  const std::scoped_lock lock(mutex_);
  for (const std::string& name : names) {
    const bool used = std::ranges::any_of(queues_, [&](const auto& queue) { return queue->config().name == name; });
    if (!used) options_.positions->Forget(name);
  }
}

bool Writer::empty() const {
  const std::scoped_lock lock(mutex_);
  return queues_.empty();
}

void Writer::Append(BatchPtr batch) {
  if (options_.next != nullptr) options_.next->Append(batch);
  const BatchSummary summary = Summarize(*batch);
  const std::scoped_lock lock(mutex_);
  if (queues_.empty()) return;
  metrics_->Came(summary.count, batch->exemplars.size(), summary.newest);
  for (const auto& queue : queues_) queue->Push(batch, summary);
}

void Writer::Flush() {
  const std::scoped_lock lock(mutex_);
  for (const auto& queue : queues_) queue->Flush();
}

void Writer::Stop(base::Duration limit) {
  const std::scoped_lock applying(applying_);
  Flush();
  std::vector<std::shared_ptr<Queue>> queues;
  {
    const std::scoped_lock lock(mutex_);
    queues = std::exchange(queues_, {});
  }
  const base::Timestamp deadline = options_.clock.Now() + limit;
  for (const auto& queue : queues) queue->Stop(std::max(base::Duration(0), deadline - options_.clock.Now()));
}

}  // namespace remote
