#pragma once

#include <optional>
#include <vector>

#include "base/labels.h"
#include "base/time.h"
#include "ingest/relabel.h"
#include "remote/recent_map.h"
#include "store/series.h"

namespace remote {

// The labels under which a receiver knows a series: its own, then the external ones it does not have, then what
// write_relabel_configs make of them, as in Prometheus. Worked out once for each series and forgotten some time after
// its last sample. Not thread-safe.
class SeriesLabels {
 public:
  SeriesLabels(base::Labels external, std::vector<ingest::RelabelConfig> steps);

  // Null: a step drops it, or no label is left. Valid until Forget.
  const base::Labels* Of(const store::MemSeries& series);
  // Drops what was not asked for in the last ten minutes or so.
  void Forget(base::Timestamp now) { known_.Forget(now); }
  size_t size() const { return known_.size(); }

 private:
  std::optional<base::Labels> Make(const base::Labels& own) const;

  const base::Labels external_;
  const std::vector<ingest::RelabelConfig> steps_;
  RecentMap<std::optional<base::Labels>> known_;
};

}  // namespace remote
