#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <span>
#include <string_view>
#include <system_error>

#include "base/text.h"

namespace base {
namespace {

enum class Streams : uint8_t { refused, read };

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

struct Request {
  const std::string& path;
  std::string_view what;
  Streams streams;
};

std::unexpected<Error> CannotRead(ErrorCode code, const Request& request, std::string_view why) {
  const std::string_view space = request.what.empty() ? "" : " ";
  return Fail(code, fmt::format("cannot read {}{}{}: {}", request.what, space, Quote(request.path), why));
}

std::unexpected<Error> CannotRead(ErrorCode code, const Request& request, int error) {
  return CannotRead(code, request, std::generic_category().message(error));
}

std::string_view KindOf(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Result<void> CheckKind(const Request& request, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return {};
  if (S_ISDIR(status.st_mode)) return CannotRead(ErrorCode::invalid_argument, request, EISDIR);
  if (request.streams == Streams::read) return {};
  return CannotRead(ErrorCode::invalid_argument, request,
                    fmt::format("it is {}, not a regular file", KindOf(status.st_mode)));
}

Result<std::string> ReadAll(const Request& request, int descriptor) {
  std::string content;
  std::array<char, 64UL << 10> block;
  for (;;) {
    const ssize_t size = read(descriptor, block.data(), block.size());
    if (size == 0) return content;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return CannotRead(ErrorCode::unavailable, request, errno);
    if (static_cast<size_t>(size) > kLargestFile - content.size()) {
      return CannotRead(ErrorCode::limit_exceeded, request, fmt::format("it is larger than {} bytes", kLargestFile));
    }
    content.append(block.data(), static_cast<size_t>(size));
  }
}

Result<std::string> Read(const Request& request) {
  // without O_NONBLOCK, opening a FIFO waits for a writer
  const int wait = request.streams == Streams::refused ? O_NONBLOCK : 0;
  const Descriptor file(open(request.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | wait));
  if (file.number() < 0) return CannotRead(ErrorCode::not_found, request, errno);
  struct stat status{};
  if (fstat(file.number(), &status) != 0) return CannotRead(ErrorCode::unavailable, request, errno);
  TRY_VOID(CheckKind(request, status));
  return ReadAll(request, file.number());
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::string_view what) {
  const bool handed_over = path == "/dev/stdin" || path.starts_with("/dev/fd/");
  return Read({path, what, handed_over ? Streams::read : Streams::refused});
}

Result<std::string> ReadFileOrStream(const std::string& path) { return Read({path, {}, Streams::read}); }

std::vector<std::string> Glob(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> paths;
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (const char* path : std::span(found.gl_pathv, found.gl_pathc)) paths.emplace_back(path);
  }
  globfree(&found);
  return paths;
}

bool IsFilePattern(const std::string& path) {
  const size_t star = path.find('*');
  return star == std::string::npos || path.find('/', star) == std::string::npos;
}

}  // namespace base
