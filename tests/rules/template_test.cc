#include <gtest/gtest.h>

#include "base/template/functions_prometheus.h"
#include "rules/alert_template.h"

namespace rules {
namespace {

std::string Expand(std::string_view text) {
  const auto parsed = AlertTemplate::Parse("A", std::string(text));
  if (!parsed) return parsed.error().message;
  const base::Labels labels{{"__name__", "up"}, {"instance", "db-1:9187"}, {"job", "db"}};
  const base::Labels external{{"site", "demo"}};
  const base::PrometheusTemplateContext context{
      .query = [](std::string_view expression) -> base::Result<std::vector<base::TemplateSample>> {
        if (expression == "bad") return base::Invalid("it is bad");
        return std::vector<base::TemplateSample>{{base::Labels{{"a", "2"}}, 20}, {base::Labels{{"a", "1"}}, 10}};
      },
      .now = base::Timestamp(std::chrono::milliseconds(1'700'000'000'500)),
      .external_url = "https://tocsin.example.com/prefix"};
  return parsed->Bind(base::PrometheusTemplateFunctions(context))
      .Expand(MakeTemplateInput(labels, 1.5, external, context.external_url));
}

// The functions themselves are tested where they are made; here, what a rule's texts see.
TEST(AlertTemplateTest, SeesTheAlert) {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  const Case cases[] = {
      {"plain } text", "plain } text"},
      {"{{ $value }} {{ .Value }}", "1.5 1.5"},
      {"{{ $labels.job }} {{ .Labels.job }} {{ $labels.none }}|", "db db |"},
      {"{{ $labels }}", "map[__name__:up instance:db-1:9187 job:db]"},
      {"{{ $externalLabels.site }} {{ $externalURL }} {{ externalURL }} {{ pathPrefix }}",
       "demo https://tocsin.example.com/prefix https://tocsin.example.com/prefix /prefix"},
      {"{{ range query \"v\" | sortByLabel \"a\" }}{{ .Labels.a }}={{ .Value }};{{ end }}", "1=10;2=20;"},
      {"{{ now | humanizeTimestamp }}", "2023-11-14 22:13:20.5 +0000 UTC"},
      {"{{ printf \"%.4g\" $value }}%", "1.5%"},
      {"{{ if gt $value 1.0 }}high{{ else }}low{{ end }}", "high"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Expand(c.text), c.want);
  }
}

TEST(AlertTemplateTest, Errors) {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  const Case cases[] = {
      {"{{ if }}", "error parsing template __alert_A: template: __alert_A:1: missing value for if"},
      {"{{ nobody }}", "error parsing template __alert_A: template: __alert_A:1: function \"nobody\" not defined"},
      {"{{ query \"bad\" }}",
       "<error expanding template: error executing template __alert_A: template: __alert_A:1:3: executing "
       "\"__alert_A\" "
       "at <query \"bad\">: error calling query: it is bad>"},
      {"{{ humanize $labels }}",
       "<error expanding template: error executing template __alert_A: template: __alert_A:1:3: executing "
       "\"__alert_A\" "
       "at <humanize $labels>: error calling humanize: can't convert map[string]string to float>"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(Expand(c.text), c.want);
  }
}

}  // namespace
}  // namespace rules
