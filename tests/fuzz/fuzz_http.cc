#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/net/http.h"

// What strangers write into requests and answers: parameters, headers that list what is accepted, URLs, gzip.

namespace {

constexpr size_t kLimit = 1 << 18;

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parameters = base::HttpParameters::Parse(text)) {
    for (const auto& [name, value] : *parameters) {
      Require(parameters->Has(name) && name.size() + value.size() <= size);
      Require(!parameters->GetAll(name).empty());
    }
  }
  static_cast<void>(base::HeaderAccepts(text, "gzip"));
  const std::string redacted = base::RedactUrl(text);
  Require(base::RedactUrl(redacted) == redacted);
  static_cast<void>(base::RedactUrl(text, true));
  if (const auto plain = base::Gunzip(text, kLimit)) Require(plain->size() <= kLimit);
  Require(base::Gunzip(base::Gzip(text), size) == text);
  return 0;
}
