#include "rules/no_data/kept_alerts.h"

#include <algorithm>

namespace rules {

class KeptAlerts::Slot {
 public:
  std::vector<KeptAlert> alerts;
};

void KeptAlerts::Set(SlotPointer& slot, std::vector<KeptAlert> alerts) {
  if (!slot && alerts.empty()) return;
  const std::scoped_lock lock(mutex_);
  if (!slot) {
    std::erase_if(slots_, [](const auto& one) { return one.expired(); });
    slot = std::make_shared<Slot>();
    slots_.push_back(slot);
  }
  slot->alerts = std::move(alerts);
}

std::vector<KeptAlert> KeptAlerts::Of(const base::Labels& source) const {
  const auto agrees = [&](const KeptAlert& alert) {
    return std::ranges::all_of(source, [&](const base::Label& label) {
      return !alert.source.Has(label.name) || alert.source.Get(label.name) == label.value;
    });
  };
  std::vector<KeptAlert> kept;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& weak : slots_) {
      const SlotPointer slot = weak.lock();
      if (slot) std::ranges::copy_if(slot->alerts, std::back_inserter(kept), agrees);
    }
  }
  std::ranges::sort(kept, {}, &KeptAlert::labels);
  return kept;
}

}  // namespace rules
