#include "alertmanager/fingerprint.h"

#include <fmt/format.h>

namespace alertmanager {

uint64_t Fingerprint(const base::Labels& labels) {
  constexpr uint64_t kOffset = 14695981039346656037ULL;
  constexpr uint64_t kPrime = 1099511628211ULL;
  uint64_t hash = kOffset;
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * kPrime; };
  for (const base::Label& label : labels) {
    for (const char c : label.name) add(static_cast<unsigned char>(c));
    add(0xff);
    for (const char c : label.value) add(static_cast<unsigned char>(c));
    add(0xff);
  }
  return hash;
}

std::string FingerprintText(uint64_t fingerprint) { return fmt::format("{:016x}", fingerprint); }

}  // namespace alertmanager
