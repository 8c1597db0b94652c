#include "rules/api/federate.h"

#include <algorithm>

#include "base/text.h"
#include "promql/number_format.h"

namespace rules {
namespace {

constexpr std::string_view kInstance = "instance";

std::string Escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

std::string Quoted(std::string_view text) { return '"' + Escaped(text) + '"'; }

void AppendLabel(std::string& list, std::string_view name, std::string_view value) {
  if (!list.empty()) list += ',';
  list += base::IsLegacyLabelName(name) ? std::string(name) : Quoted(name);
  list += '=';
  list += Quoted(value);
}

// A series without the label of a target must not be given the federated server's own: `instance` is set empty.
std::string LabelList(const base::Labels& labels, const base::Labels& external_labels) {
  std::string list;
  const std::string_view name = labels.MetricName();
  if (!base::IsLegacyMetricName(name)) list = Quoted(name);
  for (const base::Label& label : labels) {
    if (label.name != base::kMetricName) AppendLabel(list, label.name, label.value);
  }
  bool instance_done = labels.Has(kInstance) || external_labels.Has(kInstance);
  const auto append_instance = [&] {
    if (!std::exchange(instance_done, true)) AppendLabel(list, kInstance, "");
  };
  for (const base::Label& label : external_labels) {
    if (label.name > kInstance) append_instance();
    if (!labels.Has(label.name)) AppendLabel(list, label.name, label.value);
  }
  append_instance();
  return list;
}

}  // namespace

std::string FederationText(promql::Vector samples, const base::Labels& external_labels) {
  std::erase_if(samples, [](const promql::VectorSample& sample) {
    return sample.histogram != nullptr || sample.labels.MetricName().empty();
  });
  std::ranges::stable_sort(samples, {}, [](const promql::VectorSample& sample) { return sample.labels.MetricName(); });
  std::string text;
  std::string_view last;
  for (const promql::VectorSample& sample : samples) {
    const std::string_view name = sample.labels.MetricName();
    const std::string shown = base::IsLegacyMetricName(name) ? std::string(name) : Quoted(name);
    if (name != last) text += "# TYPE " + shown + " untyped\n";
    last = name;
    if (base::IsLegacyMetricName(name)) text += name;
    text += '{';
    text += LabelList(sample.labels, external_labels);
    text += "} " + promql::FormatG(sample.value) + ' ' + std::to_string(sample.time.time_since_epoch().count()) + '\n';
  }
  return text;
}

}  // namespace rules
