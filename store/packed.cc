#include "store/packed.h"

#include <zstd.h>

namespace store {
namespace {

constexpr char kPlain = 0;
constexpr char kPacked = 1;
constexpr size_t kWorthTrying = 48;

}  // namespace

struct Packer::Context {
  ZSTD_CCtx* const zstd = ZSTD_createCCtx();
  ~Context() { ZSTD_freeCCtx(zstd); }
};

Packer::Packer(int level) : context_(std::make_unique<Context>()), level_(level) {}
Packer::~Packer() = default;

std::string Packer::Pack(std::string_view bytes) {
  std::string packed;
  if (bytes.size() >= kWorthTrying) {
    packed.resize(1 + ZSTD_compressBound(bytes.size()));
    packed[0] = kPacked;
    const size_t size =
        ZSTD_compressCCtx(context_->zstd, packed.data() + 1, packed.size() - 1, bytes.data(), bytes.size(), level_);
    if (ZSTD_isError(size) == 0 && size < bytes.size()) {
      packed.resize(1 + size);
      return packed;
    }
  }
  return Plain(bytes);
}

std::string Packer::Plain(std::string_view bytes) {
  std::string plain(1, kPlain);
  plain.append(bytes);
  return plain;
}

struct Unpacker::Context {
  ZSTD_DCtx* const zstd = ZSTD_createDCtx();
  ~Context() { ZSTD_freeDCtx(zstd); }
};

Unpacker::Unpacker() = default;
Unpacker::~Unpacker() = default;

bool Unpacker::Unpack(std::span<const std::byte> packed, size_t most) {
  bytes_ = {};
  if (packed.empty()) return false;
  const auto form = static_cast<char>(packed[0]);
  packed = packed.subspan(1);
  if (form == kPlain) {
    bytes_ = packed;
    return true;
  }
  if (form != kPacked) return false;
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > most) return false;  // unknown and damaged are larger than anything
  if (size > capacity_) {
    room_ = std::make_unique_for_overwrite<std::byte[]>(size);
    capacity_ = size;
  }
  if (!context_) context_ = std::make_unique<Context>();
  if (ZSTD_decompressDCtx(context_->zstd, room_.get(), size, packed.data(), packed.size()) != size) return false;
  bytes_ = {room_.get(), static_cast<size_t>(size)};
  return true;
}

}  // namespace store
