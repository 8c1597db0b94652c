#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include "exporter/exporter.h"
#include "tests/support/support.h"

// What the exporter's tests on real databases share.

namespace test {

inline exporter::SteadyTime In(base::Duration time) { return std::chrono::steady_clock::now() + time; }

inline exporter::ExporterConfig ReadConfig(const std::string& text) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(text, "test.yml", errors);
  exporter::ExporterConfig config;
  ReadYaml(base::YamlReader(node, "collectors", errors), config);
  if (!errors.empty()) throw std::runtime_error(errors.ToString());
  return config;
}

// An exporter by its configuration, under a clock that stands still.
class ExporterFixture {
 public:
  explicit ExporterFixture(const std::string& config) {
    auto made = exporter::Exporter::Create(ReadConfig(config), clock_);
    if (!made) throw std::runtime_error(made.error().ToString());
    exporter_ = std::move(*made);
  }
  std::string Page(base::Duration within = std::chrono::seconds(20)) {
    return exporter_->CollectText(In(within), exporter::ExpositionFormat::text);
  }
  exporter::Exporter& exporter() { return *exporter_; }
  FakeClock& clock() { return clock_; }

 private:
  FakeClock clock_;
  std::unique_ptr<exporter::Exporter> exporter_;
};

// The value of a series on a page, as text, or "absent".
inline std::string ValueOf(const std::string& page, const std::string& series) {
  const std::string line = "\n" + series + " ";
  const std::string text = "\n" + page;
  const size_t at = text.find(line);
  if (at == std::string::npos) return "absent";
  const size_t begin = at + line.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace test
