#include "app/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include "base/text.h"

namespace app {
namespace {

std::string ReadProc(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void Add(exporter::MetricFamilies& families, std::string_view name, exporter::MetricType type, std::string_view help,
         double value) {
  exporter::MetricFamily& family = families.emplace_back();
  family.name = name;
  family.type = type;
  family.help = help;
  exporter::AddSample(family, "", value);
}

double BootTime() {
  std::istringstream in(ReadProc("/proc/stat"));
  for (std::string word; in >> word;) {
    double value = 0;
    if (word == "btime" && in >> value) return value;
  }
  return 0;
}

void AddFromStat(exporter::MetricFamilies& families) {
  const std::string stat = ReadProc("/proc/self/stat");
  const size_t after_name = stat.rfind(") ");
  if (after_name == std::string::npos) return;
  std::istringstream in(stat.substr(after_name + 2));
  // proc(5) numbers the fields from 1; the state after the name is field 3
  std::vector<std::string> fields(3);
  for (std::string word; in >> word;) fields.push_back(word);
  if (fields.size() < 25) return;
  const auto number = [&](size_t field) { return base::ParseFloat(fields[field]).value_or(0); };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  using enum exporter::MetricType;
  Add(families, "process_cpu_seconds_total", counter, "Total user and system CPU time spent in seconds.",
      (number(14) + number(15)) / ticks);
  Add(families, "process_threads", gauge, "Number of threads.", number(20));
  Add(families, "process_start_time_seconds", gauge, "Start time of the process since unix epoch in seconds.",
      BootTime() + number(22) / ticks);
  Add(families, "process_virtual_memory_bytes", gauge, "Virtual memory size in bytes.", number(23));
  Add(families, "process_resident_memory_bytes", gauge, "Resident memory size in bytes.", number(24) * page);
}

}  // namespace

exporter::MetricFamilies ProcessMetrics() {
  exporter::MetricFamilies families;
  AddFromStat(families);
  std::error_code error;
  const std::filesystem::directory_iterator open_files("/proc/self/fd", error);
  if (!error) {
    Add(families, "process_open_fds", exporter::MetricType::gauge, "Number of open file descriptors.",
        static_cast<double>(std::distance(begin(open_files), end(open_files))));
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Add(families, "process_max_fds", exporter::MetricType::gauge, "Maximum number of open file descriptors.",
        static_cast<double>(limit.rlim_cur));
  }
  return families;
}

exporter::MetricFamily BuildInfo() {
  exporter::MetricFamily family;
  family.name = "tocsin_build_info";
  family.type = exporter::MetricType::gauge;
  family.help = "The version of tocsin that is running; always 1.";
  std::string labels;
  exporter::AppendLabel(labels, 0, "version", TOCSIN_VERSION);
  exporter::AddSample(family, labels, 1);
  return family;
}

}  // namespace app
