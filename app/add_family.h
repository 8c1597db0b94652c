#pragma once

#include <string_view>

#include "exporter/metric_family.h"

namespace app {

// Adds a family without samples; its unit is what its name ends in. The reference holds until the next one is added.
inline exporter::MetricFamily& AddFamily(exporter::MetricFamilies& families, std::string_view name,
                                         exporter::MetricType type, std::string_view help) {
  exporter::MetricFamily& family = families.emplace_back();
  family.name = name;
  family.type = type;
  family.help = help;
  family.unit = exporter::UnitOfName(name);
  return family;
}

}  // namespace app
