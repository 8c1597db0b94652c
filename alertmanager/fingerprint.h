#pragma once

#include <cstdint>
#include <string>

#include "base/labels.h"

namespace alertmanager {

// An alert's identity as Alertmanager computes it: FNV-1a of 64 bits over `name 0xff value 0xff` of the sorted labels.
// Stable across processes; clients see it as 16 hex digits.
uint64_t Fingerprint(const base::Labels& labels);
std::string FingerprintText(uint64_t fingerprint);

}  // namespace alertmanager
