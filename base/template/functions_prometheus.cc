#include "base/template/functions_prometheus.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/template/format.h"
#include "base/template/functions_common.h"
#include "base/text.h"

namespace base {
namespace {

using Values = std::span<const TemplateValue>;
using Kind = TemplateValue::Kind;
using enum TemplateParameter;

const TemplateType kSampleType{"*template.sample"};
const TemplateType kResultType{"template.queryResult"};

TemplateValue FromSample(const TemplateSample& sample) {
  TemplateMap labels;
  for (const Label& label : sample.labels) labels.emplace(label.name, label.value);
  if (!sample.text.empty()) labels.insert_or_assign("__value__", sample.text);
  return TemplateValue::Object(&kSampleType,
                               {{"Labels", TemplateValue::TextMap(std::move(labels))}, {"Value", sample.value}});
}

bool IsSample(const TemplateValue& value) { return value.kind() == Kind::object && value.type() == &kSampleType; }

Result<TemplateValue> SampleLabel(const TemplateValue& sample, std::string_view name) {
  if (!IsSample(sample)) return Invalid(fmt::format("expected *template.sample; got {}", sample.TypeName()));
  const TemplateMap& labels = sample.fields()[0].second.map();
  const auto found = labels.find(name);
  return found == labels.end() ? TemplateValue("") : found->second;
}

Result<TemplateValue> SampleValue(Values v) {
  if (!IsSample(v[0])) return Invalid(fmt::format("expected *template.sample; got {}", v[0].TypeName()));
  return v[0].fields()[1].second;
}

Result<TemplateValue> First(Values v) {
  if (v[0].list().empty()) return Invalid("first() called on vector with no elements");
  return v[0].list().front();
}

Result<TemplateValue> SortByLabel(Values v) {
  TemplateList samples = v[1].list();
  if (!std::ranges::all_of(samples, IsSample)) return Invalid("expected a query's result");
  const auto key = [&](const TemplateValue& sample) { return SampleLabel(sample, v[0].text())->text(); };
  std::ranges::stable_sort(samples, {}, key);
  return TemplateValue::List(std::move(samples), &kResultType);
}

Result<TemplateValue> NamedArguments(Values v) {
  TemplateMap named;
  for (size_t i = 0; i < v.size(); ++i) named.emplace(fmt::format("arg{}", i), v[i]);
  return TemplateValue::Map(std::move(named));
}

struct HostAndPort {
  std::string host;
  std::string port;
};

// As Go's net.SplitHostPort; nullopt where that fails.
std::optional<HostAndPort> SplitHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  const std::string port(text.substr(colon + 1));
  if (text.starts_with('[')) {
    if (!host.ends_with(']') || host.find(']') + 1 != host.size() || host.find('[', 1) != std::string_view::npos)
      return std::nullopt;
    return HostAndPort{std::string(host.substr(1, host.size() - 2)), port};
  }
  if (host.find_first_of(":[]") != std::string_view::npos || port.find_first_of("[]") != std::string::npos)
    return std::nullopt;
  return HostAndPort{std::string(host), port};
}

bool IsAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

Result<TemplateValue> StripPort(const std::string& text) {
  const auto parts = SplitHostPort(text);
  return parts ? parts->host : text;
}

Result<TemplateValue> StripDomain(const std::string& text) {
  const auto parts = SplitHostPort(text);
  std::string host = parts ? parts->host : text;
  if (IsAddress(host)) return text;
  host = host.substr(0, host.find('.'));
  if (!parts || parts->port.empty()) return host;
  return host.contains(':') ? fmt::format("[{}]:{}", host, parts->port) : fmt::format("{}:{}", host, parts->port);
}

Result<TemplateTime> ToTime(const TemplateValue& value) {
  TRY(const double seconds, TemplateNumber(value));
  if (!std::isfinite(seconds)) return Invalid(fmt::format("value is NaN or Inf"));
  const double nanoseconds = seconds * 1e9;
  if (std::fabs(nanoseconds) >= 9.223372036854775807e18) {
    return Invalid(fmt::format("{} cannot be represented as a nanoseconds timestamp since it overflows int64",
                               GoFormatFloat(seconds, 'g', -1)));
  }
  // Prometheus' own times go by the millisecond
  return TemplateTime{static_cast<int64_t>(nanoseconds) / 1'000'000 * 1'000'000, 0, "UTC"};
}

Result<TemplateValue> HumanizeTimestamp(Values v) {
  TRY(const double seconds, TemplateNumber(v[0]));
  if (!std::isfinite(seconds)) return GoFormatFloat(seconds, 'g', 4);
  TRY(TemplateTime time, ToTime(v[0]));
  return GoPrintTime(time);
}

Result<TemplateValue> ToDuration(Values v) {
  TRY(const double seconds, TemplateNumber(v[0]));
  const double nanoseconds = seconds * 1e9;
  if (!(std::fabs(nanoseconds) < 9.223372036854775807e18)) {
    return Invalid(fmt::format("{} overflows Go duration", GoFormatFloat(seconds, 'g', -1)));
  }
  return TemplateDuration{static_cast<int64_t>(nanoseconds)};
}

std::string PathOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const size_t path = url.find('/');
  if (path == std::string_view::npos) return "";
  url.remove_prefix(path);
  return std::string(url.substr(0, url.find_first_of("?#")));
}

TemplateFunction Link(int tab) {
  return OnText([tab](const std::string& expression) -> Result<TemplateValue> {
    return fmt::format("/graph?g0.expr={}&g0.tab={}", EscapeUrlQuery(expression), tab);
  });
}

}  // namespace

TemplateFunctions PrometheusTemplateFunctions(PrometheusTemplateContext context) {
  const Timestamp now = context.now;
  const std::string url = context.external_url;
  const auto query = [run = std::move(context.query)](const std::string& expression) -> Result<TemplateValue> {
    if (!run) return Invalid("queries are not possible here");
    TRY(const std::vector<TemplateSample> samples, run(expression));
    TemplateList list;
    for (const TemplateSample& sample : samples) list.push_back(FromSample(sample));
    return TemplateValue::List(std::move(list), &kResultType);
  };
  return {
      {"query", OnText(query)},
      {"first", {{list}, false, First}},
      {"label", {{text, any}, false, [](Values v) { return SampleLabel(v[1], v[0].text()); }}},
      {"value", {{any}, false, SampleValue}},
      {"strvalue", {{any}, false, [](Values v) { return SampleLabel(v[0], "__value__"); }}},
      {"args", {{any}, true, NamedArguments}},
      {"reReplaceAll", OnThreeTexts(ReplaceAllMatches)},
      {"safeHtml", OnText([](const std::string& t) -> Result<TemplateValue> { return TemplateValue::SafeHtml(t); })},
      {"match", MatchFunction()},
      {"title", OnText([](const std::string& t) -> Result<TemplateValue> { return TitleCase(t, false); })},
      {"toUpper", OnText([](const std::string& t) -> Result<TemplateValue> { return UpperCase(t); })},
      {"toLower", OnText([](const std::string& t) -> Result<TemplateValue> { return LowerCase(t); })},
      {"graphLink", Link(0)},
      {"tableLink", Link(1)},
      {"sortByLabel", {{text, list}, false, SortByLabel}},
      {"stripPort", OnText(StripPort)},
      {"stripDomain", OnText(StripDomain)},
      {"humanize", OnNumber(HumanizeNumber)},
      {"humanize1024", OnNumber(HumanizeNumber1024)},
      {"humanizeDuration", OnNumber(HumanizeSeconds)},
      {"humanizePercentage", OnNumber(HumanizeRatio)},
      {"humanizeTimestamp", {{any}, false, HumanizeTimestamp}},
      {"toTime",
       {{any},
        false,
        [](Values v) -> Result<TemplateValue> {
          TRY(TemplateTime time, ToTime(v[0]));
          return time;
        }}},
      {"toDuration", {{any}, false, ToDuration}},
      {"now", {{}, false, [now](Values) -> Result<TemplateValue> { return ToSeconds(now); }}},
      {"pathPrefix", {{}, false, [url](Values) -> Result<TemplateValue> { return PathOf(url); }}},
      {"externalURL", {{}, false, [url](Values) -> Result<TemplateValue> { return url; }}},
      {"parseDuration", OnText([](const std::string& t) -> Result<TemplateValue> {
         TRY(const Duration duration, ParseDuration(t));
         return ToSeconds(duration);
       })},
      {"urlQueryEscape", OnText([](const std::string& t) -> Result<TemplateValue> { return EscapeUrlQuery(t); })},
  };
}

}  // namespace base
