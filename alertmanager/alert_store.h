#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/alert.h"

namespace alertmanager {

// An alert as it came in: who sends it may leave out either time.
struct PostedAlert {
  base::Labels labels;
  base::Labels annotations;
  std::optional<base::Timestamp> starts_at;  // missing: ends_at if given, else now
  std::optional<base::Timestamp> ends_at;    // missing: now + resolve_timeout
  std::string generator_url;
  std::vector<base::Labels> route_as{};  // see base::Alert
};

struct StoredAlert {
  base::Alert alert;
  uint64_t fingerprint = 0;
  base::Timestamp updated_at;
  bool timeout = false;  // ends_at was made up from resolve_timeout
  bool operator==(const StoredAlert&) const = default;
};

StoredAlert Complete(const PostedAlert& posted, base::Duration resolve_timeout, base::Timestamp now);

// The later of two overlapping versions of one alert, with what the earlier one knows better: the earlier start; of two
// ends the later when both are resolved at `now`, and the older firing end when it is later and was not made up.
StoredAlert Merge(const StoredAlert& older, const StoredAlert& newer, base::Timestamp now);

// Whether whoever goes on from either in another process does the same: only its time, and the end of an alert that
// still fires at `now`, may differ.
bool SameToKeep(const StoredAlert& a, const StoredAlert& b, base::Timestamp now);

// What an earlier process kept, at the start of another. An alert that fired when it was last heard of may have been
// sent again while nobody listened: it gets the time that it had left then, but no more than `resolve_timeout`.
StoredAlert Resumed(StoredAlert kept, base::Duration resolve_timeout, base::Timestamp now);

// Every alert known, by fingerprint. Not thread-safe. Semantics: Alertmanager's alert provider.
class AlertStore {
 public:
  using Pointer = std::shared_ptr<const StoredAlert>;

  // Merges with the version held where the two overlap in time, else replaces it (a re-fire gets its own start).
  Pointer Put(StoredAlert alert, base::Timestamp now);
  // Drops what is resolved.
  void CollectGarbage(base::Timestamp now);
  const std::unordered_map<uint64_t, Pointer>& alerts() const { return alerts_; }

 private:
  std::unordered_map<uint64_t, Pointer> alerts_;
};

}  // namespace alertmanager
