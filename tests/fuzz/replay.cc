#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

// The fuzz targets without a fuzzer: every file of a folder and, for each, a fixed series of mutations, the same in
// every run and on every machine. Usage: fuzz_NAME FOLDER [MUTATIONS-PER-FILE]; fuzz_NAME FILE runs that one input,
// such as the one a failed run left in the working directory (crash-NAME).

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Bytes = std::vector<uint8_t>;

constexpr int kMutations = 400;
constexpr size_t kMostBytes = 1 << 14;
constexpr unsigned kSecondsEach = 20;

// What a handler of signals may look at: the input under way and the name of the file to leave it in.
const Bytes* current_input = nullptr;
std::array<char, 256> crash_name{};

void LeaveInput(int signal) {
  std::FILE* const file = std::fopen(crash_name.data(), "wb");
  if (file != nullptr && current_input != nullptr) {
    static_cast<void>(std::fwrite(current_input->data(), 1, current_input->size(), file));
    std::fclose(file);
  }
  std::fprintf(stderr, "%s; the input is in %s\n", signal == SIGALRM ? "too slow" : "crashed", crash_name.data());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void Run(const Bytes& input) {
  // a copy of its exact size, so that a sanitizer sees reads past the end
  const Bytes exact(input.begin(), input.end());
  current_input = &exact;
  alarm(kSecondsEach);
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
  alarm(0);
  current_input = nullptr;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& seeds) : seeds_(seeds) {}

  Bytes Mutate(Bytes bytes) {
    for (size_t rounds = 1 + Below(4); rounds > 0; --rounds) Once(bytes);
    if (bytes.size() > kMostBytes) bytes.resize(kMostBytes);
    return bytes;
  }

 private:
  size_t Below(size_t end) { return end == 0 ? 0 : random_() % end; }

  void Once(Bytes& bytes) {
    const size_t at = Below(bytes.size());
    const size_t length = std::min(bytes.size() - at, 1 + Below(24));
    const auto begin = bytes.begin() + static_cast<ptrdiff_t>(at);
    const auto end = begin + static_cast<ptrdiff_t>(length);
    switch (bytes.empty() ? 3 : Below(7)) {
      case 0:
        *begin = static_cast<uint8_t>(*begin ^ 1U << Below(8));
        break;
      case 1:
        *begin = kTelling[Below(kTelling.size())];
        break;
      case 2:
        bytes.erase(begin, end);
        break;
      case 3:
        bytes.insert(begin, kTelling[Below(kTelling.size())]);
        break;
      case 4: {
        const Bytes again(begin, end);
        bytes.insert(begin, again.begin(), again.end());
        break;
      }
      case 5:
        bytes.resize(at);
        break;
      default:
        Splice(bytes, at);
    }
  }

  void Splice(Bytes& bytes, size_t at) {
    const Bytes& other = seeds_[Below(seeds_.size())];
    const size_t from = Below(other.size());
    const size_t length = std::min(other.size() - from, 1 + Below(40));
    const auto begin = other.begin() + static_cast<ptrdiff_t>(from);
    bytes.insert(bytes.begin() + static_cast<ptrdiff_t>(at), begin, begin + static_cast<ptrdiff_t>(length));
  }

  // ends of ranges, and characters that mean something in our languages
  static constexpr std::array<uint8_t, 28> kTelling = {0,   1,   0x7f, 0x80, 0xff, 0xc3, 0xe2, '\n', '\r', '\t',
                                                       ' ', '"', '\'', '\\', '{',  '}',  '(',  ')',  '[',  ']',
                                                       ':', ',', '-',  '#',  '0',  '9',  'e',  '.'};
  const std::vector<Bytes>& seeds_;
  std::mt19937 random_{20261121};  // NOLINT: the same in every run
};

std::vector<Bytes> ReadSeeds(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<Bytes> seeds;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s FOLDER|FILE [MUTATIONS]\n", arguments[0]);
    return 2;
  }
  const std::filesystem::path place = arguments[1];
  const std::string name = "crash-" + std::filesystem::path(arguments[0]).filename().string();
  std::strncpy(crash_name.data(), name.c_str(), crash_name.size() - 1);
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM}) std::signal(signal, LeaveInput);

  if (std::filesystem::is_regular_file(place)) {
    std::ifstream file(place, std::ios::binary);
    Run(Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
    return 0;
  }
  const std::vector<Bytes> seeds = ReadSeeds(place);
  if (seeds.empty()) {
    std::fprintf(stderr, "%s holds no inputs\n", place.c_str());
    return 1;
  }
  const int mutations = count > 2 ? std::atoi(arguments[2]) : kMutations;
  Mutator mutator(seeds);
  Run({});
  for (const Bytes& seed : seeds) {
    Run(seed);
    for (int i = 0; i < mutations; ++i) Run(mutator.Mutate(seed));
  }
  std::printf("%zu inputs and %d mutations of each\n", seeds.size(), mutations);
  return 0;
}
