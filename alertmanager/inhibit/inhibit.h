#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "alertmanager/config.h"
#include "base/labels.h"

namespace alertmanager {

// One firing alert as a possible source of inhibition. Borrows its labels.
struct FiringAlert {
  uint64_t fingerprint = 0;
  const base::Labels* labels = nullptr;
};

// The answer to "which firing alert silences this one?", for one set of firing alerts. Built once for a tick, then
// asked for every alert; borrows rules and alerts. As in Alertmanager: a missing label counts as empty, the first rule
// that applies counts, sources inhibit even when they are inhibited themselves, and where a target also matches the
// source side, sources that match both sides don't count (so that nothing silences itself). Unlike Alertmanager every
// source counts, not only the one that ends last.
class Inhibitions {
 public:
  Inhibitions(std::span<const InhibitRule> rules, std::span<const FiringAlert> firing);
  std::optional<uint64_t> InhibitedBy(const base::Labels& labels) const;

 private:
  struct Source {
    uint64_t fingerprint;
    bool matches_target;
  };
  struct Indexed {
    const InhibitRule* rule;
    std::unordered_map<base::Labels, std::vector<Source>, base::LabelsHash> sources;  // by the `equal` labels
  };
  std::vector<Indexed> rules_;
};

}  // namespace alertmanager
