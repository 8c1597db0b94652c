#include <algorithm>
#include <array>

#include "base/text.h"
#include "ingest/config.h"
#include "ingest/config_fields.h"
#include "ingest/config_values.h"

namespace ingest {
namespace {

constexpr std::array<std::string_view, 5> kProtocols = {
    "OpenMetricsText1.0.0", "OpenMetricsText0.0.1", "PrometheusText1.0.0", "PrometheusText0.0.4", "PrometheusProto"};

std::string UnknownProtocol(std::string_view protocol) {
  return "unknown scrape protocol " + base::Quote(protocol) +
         ", supported: OpenMetricsText0.0.1, OpenMetricsText1.0.0, PrometheusProto, PrometheusText0.0.4, "
         "PrometheusText1.0.0";
}

const base::YamlSchema<GlobalConfig>& Schema() {
  using C = GlobalConfig;
  static const base::YamlSchema<C> schema = [] {
    std::vector<base::Field<C>> fields = {
        base::Optional("scrape_interval", "duration", "1m", &C::scrape_interval, "How often targets are scraped."),
        base::Optional("scrape_timeout", "duration", "10s", &C::scrape_timeout, "How long one scrape may take."),
        base::Optional("evaluation_interval", "duration", "1m", &C::evaluation_interval,
                       "How often rules are evaluated."),
        base::Optional("rule_query_offset", "duration", "0s", &C::rule_query_offset,
                       "How far in the past rules are evaluated."),
        base::Optional("external_labels", "map of labels", "{}", &C::external_labels,
                       "Labels added to what leaves this process: alerts, federation, remote write."),
        {{"scrape_protocols", "list of protocols", "all of the text formats",
          "The formats asked for, in order of preference: PrometheusProto, OpenMetricsText1.0.0, OpenMetricsText0.0.1, "
          "PrometheusText1.0.0, PrometheusText0.0.4. Under scrape_native_histograms the default is all of them.",
          false, nullptr},
         [](const base::YamlReader& in, C& out) { return ReadProtocols(in, out.scrape_protocols); }},
        {{"metric_name_validation_scheme", "utf8 or legacy", "utf8", "Which names of metrics and labels are taken.",
          false, nullptr},
         [](const base::YamlReader& in, C& out) { return ReadNameValidation(in, out.name_validation); }},
        base::Optional("extra_scrape_metrics", "bool", "false", &C::extra_scrape_metrics,
                       "Whether scrape_timeout_seconds and the like are written for every target."),
        base::Optional("scrape_native_histograms", "bool", "false", &C::scrape_native_histograms,
                       "Whether native histograms are asked for (by PrometheusProto, which alone has them) and kept."),
        base::Optional("always_scrape_classic_histograms", "bool", "false", &C::always_scrape_classic_histograms,
                       "Whether the classic series of a histogram are kept beside its native form."),
        {{"metric_name_escaping_scheme", "allow-utf-8, underscores, dots or values",
          "allow-utf-8, underscores for legacy names",
          "How targets are asked to escape names that are not legacy ones.", false, nullptr},
         [](const base::YamlReader& in, C& out) { return ReadNameEscaping(in, out.name_escaping); }},
        base::Optional("keep_dropped_targets", "number", "0", &C::keep_dropped_targets,
                       "How many targets of a job that relabelling dropped are shown; 0 for all."),
    };
    AddFields(fields, LimitFields<C>(&C::limits));
    return base::YamlSchema<C>(std::move(fields));
  }();
  return schema;
}

}  // namespace

bool ReadProtocol(const base::YamlReader& in, std::string& out) {
  std::string protocol;
  if (!base::ReadYaml(in, protocol)) return false;
  if (std::ranges::find(kProtocols, protocol) == kProtocols.end()) {
    in.Fail(UnknownProtocol(protocol));
    return false;
  }
  out = std::move(protocol);
  return true;
}

bool ReadProtocols(const base::YamlReader& in, std::vector<std::string>& out) {
  std::vector<std::string> protocols;
  if (!base::ReadYaml(in, protocols)) return false;
  for (size_t i = 0; i < protocols.size(); ++i) {
    if (std::ranges::find(kProtocols, protocols[i]) == kProtocols.end()) {
      in.Item(i).Fail(UnknownProtocol(protocols[i]));
      return false;
    }
    if (std::ranges::count(protocols, protocols[i]) > 1) {
      in.Item(i).Fail("duplicated protocol in scrape_protocols");
      return false;
    }
  }
  if (protocols.empty()) {
    in.Fail("scrape_protocols cannot be empty");
    return false;
  }
  out = std::move(protocols);
  return true;
}

bool ReadNameValidation(const base::YamlReader& in, NameValidation& out) {
  std::string word;
  if (!base::ReadYaml(in, word)) return false;
  if (word.empty()) word = "utf8";
  if (word != "utf8" && word != "legacy") {
    in.Fail("unknown name validation scheme " + base::Quote(word) + ", must be either 'utf8' or 'legacy'");
    return false;
  }
  out = word == "utf8" ? NameValidation::utf8 : NameValidation::legacy;
  return true;
}

bool ReadNameEscaping(const base::YamlReader& in, std::optional<NameEscaping>& out) {
  constexpr std::array<std::pair<std::string_view, NameEscaping>, 4> kSchemes = {
      {{"allow-utf-8", NameEscaping::allow_utf8},
       {"underscores", NameEscaping::underscores},
       {"dots", NameEscaping::dots},
       {"values", NameEscaping::values}}};
  std::string word;
  if (!base::ReadYaml(in, word)) return false;
  if (word.empty()) return true;
  for (const auto& [name, scheme] : kSchemes) {
    if (name != word) continue;
    out = scheme;
    return true;
  }
  in.Fail("unknown name escaping scheme " + base::Quote(word) + ", expected allow-utf-8, underscores, dots or values");
  return false;
}

bool ReadYaml(const base::YamlReader& in, ByteSize& out) {
  std::string text;
  if (!base::ReadYaml(in, text)) return false;
  constexpr std::array<std::string_view, 7> kUnits = {"", "K", "M", "G", "T", "P", "E"};
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = base::ParseInteger(text.substr(0, digits));
  std::string_view unit = std::string_view(text).substr(digits);
  if (unit.ends_with("iB")) {
    unit.remove_suffix(2);
  } else if (unit.ends_with('B')) {
    unit.remove_suffix(1);
  }
  const auto* const known = std::ranges::find(kUnits, unit);
  const auto shift = 10 * static_cast<unsigned>(known - kUnits.begin());
  // as in Prometheus only 0 may go without a unit
  const bool has_unit = digits < text.size() || text == "0";
  const bool good = number && has_unit && known != kUnits.end() && *number <= (INT64_MAX >> shift);
  if (!good) {
    in.Fail("not a size: " + base::Quote(text) + " (expected a number with B, KB, MB, GB, TB, PB or EB)");
    return false;
  }
  out.bytes = static_cast<uint64_t>(*number) << shift;
  return true;
}

bool ReadYaml(const base::YamlReader& in, GlobalConfig& out) {
  if (!Schema().Read(in, out)) return false;
  for (const auto& [name, value] : out.external_labels) {
    if (!name.empty() && base::IsValidUtf8(name)) continue;
    in.Fail(base::Quote(name) + " is not a valid label name");
    return false;
  }
  const bool timeout_given = in.node().Find("scrape_timeout") != nullptr;
  if (out.scrape_interval <= base::Duration(0)) out.scrape_interval = GlobalConfig().scrape_interval;
  if (out.evaluation_interval <= base::Duration(0)) out.evaluation_interval = GlobalConfig().evaluation_interval;
  if (!timeout_given || out.scrape_timeout == base::Duration(0)) {
    out.scrape_timeout = std::min(GlobalConfig().scrape_timeout, out.scrape_interval);
  }
  if (out.scrape_timeout > out.scrape_interval) {
    in.Fail("global scrape timeout greater than scrape interval");
    return false;
  }
  return true;
}

const std::vector<base::FieldHelp>& GlobalConfigHelp() { return Schema().help(); }

}  // namespace ingest
