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

// A name as the reader can take it.
class NameWriter {
 public:
  explicit NameWriter(bool utf8) : utf8_(utf8) {}
  std::string Label(std::string_view name) const {
    if (base::IsLegacyLabelName(name)) return std::string(name);
    return utf8_ ? Quoted(name) : Underscored(name, false);
  }
  // The metric's name where it stands before the braces; "" where it must stand within.
  std::string Metric(std::string_view name) const {
    if (base::IsLegacyMetricName(name)) return std::string(name);
    return utf8_ ? "" : Underscored(name, true);
  }

 private:
  static std::string Underscored(std::string_view name, bool metric) {
    std::string text;
    for (std::string_view rest = name; !rest.empty();) {
      const std::string_view one = base::Utf8Prefix(rest, 1);
      const char c = one.size() == 1 ? one.front() : '\0';
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (metric && c == ':');
      text += letter || (c >= '0' && c <= '9' && !text.empty()) ? c : '_';
      rest.remove_prefix(one.size());
    }
    return text;
  }
  const bool utf8_;
};

void AppendLabel(std::string& list, std::string_view name, std::string_view value) {
  if (!list.empty()) list += ',';
  list += name;
  list += '=';
  list += Quoted(value);
}

// A series without the label of a target must not be given the federated server's own: `instance` is set empty.
std::string LabelList(const base::Labels& labels, const base::Labels& external_labels, const NameWriter& names) {
  std::string list;
  const std::string_view name = labels.MetricName();
  if (names.Metric(name).empty()) list = Quoted(name);
  for (const base::Label& label : labels) {
    if (label.name != base::kMetricName) AppendLabel(list, names.Label(label.name), label.value);
  }
  bool instance_done = labels.Has(kInstance) || external_labels.Has(kInstance);
  const auto append_instance = [&] {
    if (!std::exchange(instance_done, true)) AppendLabel(list, kInstance, "");
  };
  for (const base::Label& label : external_labels) {
    if (label.name > kInstance) append_instance();
    if (!labels.Has(label.name)) AppendLabel(list, names.Label(label.name), label.value);
  }
  append_instance();
  return list;
}

}  // namespace

std::string FederationText(promql::Vector samples, const base::Labels& external_labels, bool utf8) {
  std::erase_if(samples, [](const promql::VectorSample& sample) {
    return sample.histogram != nullptr || sample.labels.MetricName().empty();
  });
  std::ranges::stable_sort(samples, {}, [](const promql::VectorSample& sample) { return sample.labels.MetricName(); });
  const NameWriter names(utf8);
  std::string text;
  std::string_view last;
  for (const promql::VectorSample& sample : samples) {
    const std::string_view name = sample.labels.MetricName();
    const std::string before = names.Metric(name);
    if (name != last) text += "# TYPE " + (before.empty() ? Quoted(name) : before) + " untyped\n";
    last = name;
    text += before;
    text += '{';
    text += LabelList(sample.labels, external_labels, names);
    text += "} ";
    text += sample.value == 0 ? "0" : promql::FormatG(sample.value);  // without a sign, as Prometheus' encoder does
    text += ' ';
    text += std::to_string(sample.time.time_since_epoch().count());
    text += '\n';
  }
  return text;
}

}  // namespace rules
