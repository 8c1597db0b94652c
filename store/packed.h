#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

// Bytes compressed by zstd, as the store's rows hold them: a byte that says whether they are, then they. What would not
// become shorter is kept as it is.

namespace store {

// Not thread-safe; one for many texts saves its working memory's allocation.
class Packer {
 public:
  explicit Packer(int level);  // zstd's, 1 (quick) to 19
  ~Packer();
  std::string Pack(std::string_view bytes);
  static std::string Plain(std::string_view bytes);  // not compressed, for Unpack all the same

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  int level_;
};

class Unpacker {
 public:
  Unpacker();
  ~Unpacker();
  // False if the bytes are damaged, or compressed and more than `most`.
  bool Unpack(std::span<const std::byte> packed, size_t most);
  // Of the last call; they live as long as both what was passed to it and this.
  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  std::unique_ptr<std::byte[]> room_;
  size_t capacity_ = 0;
  std::span<const std::byte> bytes_;
};

}  // namespace store
