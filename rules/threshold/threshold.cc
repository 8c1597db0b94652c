#include "rules/threshold/threshold.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "rules/threshold/checker.h"

namespace rules {

const std::vector<base::FieldHelp>& ThresholdHelp() { return ThresholdFormHelp(); }

std::vector<Threshold> ReadThresholds(const base::YamlReader& in, const ThresholdOptions& options) {
  std::vector<Threshold> thresholds;
  if (in.node().kind == base::YamlNode::Kind::null) return thresholds;
  if (in.node().kind != base::YamlNode::Kind::sequence) {
    in.Fail("expected a list");
    return thresholds;
  }
  std::map<std::string, base::SourcePosition> seen;
  for (size_t i = 0; i < in.node().items.size(); ++i) {
    const base::YamlReader item = in.Item(i);
    WrittenThreshold written;
    const size_t mistakes = item.errors().errors().size();
    const bool read = ReadYaml(item, written);
    if (item.node().kind != base::YamlNode::Kind::map) {
      if (read) item.Fail("expected a map");
      continue;
    }
    if (!written.name.given) {
      ThresholdChecker(item, written, options).Check();
      continue;
    }
    const auto [first, unique] = seen.emplace(written.name.text, written.name.where);
    if (!unique) {
      Complain(item.errors(), written.name,
               fmt::format("threshold {} is given twice, first on line {}", base::Quote(written.name.text),
                           first->second.line));
      continue;
    }
    Threshold threshold = ThresholdChecker(item, written, options).Check();
    if (read && item.errors().errors().size() == mistakes) thresholds.push_back(std::move(threshold));
  }
  return thresholds;
}

}  // namespace rules
