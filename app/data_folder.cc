#include "app/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace app {

base::Result<std::unique_ptr<DataFolder>> DataFolder::Take(const std::string& path) {
  const auto failed = [&](std::string_view why) {
    return base::Unavailable(fmt::format("taking the folder {} (--storage.path): {}", path, why));
  };
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return failed(error.message());
  const int lock = open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock < 0) return failed(std::strerror(errno));
  std::unique_ptr<DataFolder> folder(new DataFolder(path, lock));
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    return failed(errno == EWOULDBLOCK ? "another process uses it" : std::strerror(errno));
  }
  return folder;
}

DataFolder::~DataFolder() { close(lock_); }

}  // namespace app
