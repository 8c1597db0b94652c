#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/labels.h"

namespace rules {

// An alert that is kept although its source failed.
struct KeptAlert {
  base::Labels labels;  // as sent, external labels included
  base::Labels source;  // NoData::source
  std::string text;     // "PAR_90 {segment="all"}: last known 5.8% at 14:03 UTC", for people
};

// The alerts of all rules that are kept without data, so that the receivers of these alerts can be told which source
// they lost. Each rule reports its own through a Slot; a slot that is destroyed takes its alerts with it. Thread-safe.
class KeptAlerts {
 public:
  class Slot;
  using SlotPointer = std::shared_ptr<Slot>;

  // Replaces the alerts of the rule that owns `slot`. Makes the slot where it is null and there are alerts.
  void Set(SlotPointer& slot, std::vector<KeptAlert> alerts);

  // Those whose source agrees with `source` in every label that both have, sorted by labels.
  std::vector<KeptAlert> Of(const base::Labels& source) const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Slot>> slots_;  // guarded by mutex_, as is what they hold
};

}  // namespace rules
