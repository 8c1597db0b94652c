#include "tests/support/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace test {

base::Timestamp FakeClock::Now() const {
  const std::scoped_lock lock(mutex_);
  return now_;
}

bool FakeClock::SleepUntil(base::Timestamp deadline, std::stop_token stop) const {
  if (stop.stop_requested()) return false;
  const std::scoped_lock lock(mutex_);
  now_ = std::max(now_, deadline);
  return true;
}

void FakeClock::Advance(base::Duration by) {
  const std::scoped_lock lock(mutex_);
  now_ += by;
}

void RecordingSink::Send(std::span<const base::Alert> alerts) {
  const std::scoped_lock lock(mutex_);
  alerts_.insert(alerts_.end(), alerts.begin(), alerts.end());
}

std::vector<base::Alert> RecordingSink::Take() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(alerts_, {});
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tocsin-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
  path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::Write(std::string_view name, std::string_view content) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << content;
  return file.string();
}

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

int FreePort() {
  constexpr int kLowest = 10'000;
  int given_out_from = 32'768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> given_out_from;
  std::random_device random;
  std::uniform_int_distribution<int> choose(kLowest, std::max(kLowest + 1'000, given_out_from) - 1);
  for (int attempt = 0; attempt < 1'000; ++attempt) {
    const int port = choose(random);
    const int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const bool free = bind(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    close(socket_fd);
    if (free) return port;
  }
  throw std::runtime_error("cannot find a free port");
}

bool WaitFor(const std::function<bool()>& condition, base::Duration limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

}  // namespace test
