#include "app/environment.h"

#include <gtest/gtest.h>

namespace app {
namespace {

std::string Expand(std::string_view text, base::YamlErrors& errors) {
  base::YamlNode root = base::ParseYaml(text, "f.yml", errors);
  ExpandEnvironment(
      root,
      [](const std::string& name) -> std::optional<std::string> {
        if (name == "URL") return "postgresql://u:${NAME}@h/db";
        if (name == "EMPTY") return "";
        return std::nullopt;
      },
      errors);
  return base::WriteYaml(root);
}

TEST(EnvironmentTest, ExpandsValuesOnly) {
  base::YamlErrors errors;
  EXPECT_EQ(
      Expand("a: ${URL}\n${URL}: x\nb: [\"<${URL}>\", '${NONE:-other}', '${EMPTY:-other}', '[${EMPTY}]']\n", errors),
      "a: postgresql://u:${NAME}@h/db\n${URL}: x\nb: \n  - \"<postgresql://u:${NAME}@h/db>\"\n  - \"other\"\n"
      "  - \"other\"\n  - \"[]\"\n");
  EXPECT_EQ(errors.ToString(), "");
}

TEST(EnvironmentTest, LeavesRelabellingAndTemplatesAlone) {
  base::YamlErrors errors;
  EXPECT_EQ(Expand("a: ${1}-$2-$labels\nb: '{{ $value }} ${'\n", errors),
            "a: ${1}-$2-$labels\nb: \"{{ $value }} ${\"\n");
  EXPECT_EQ(errors.ToString(), "");
}

TEST(EnvironmentTest, LeavesGroupsOfRegularExpressionsAlone) {
  constexpr std::string_view kCases[] = {
      R"(relabel_configs: [{regex: '(?P<h>[^:]+):.*', target_label: '${h}_x', replacement: '${h}:${1}', action: replace}])",
      R"(metric_relabel_configs: [{replacement: '${URL}'}])",
      R"(write_relabel_configs: [{replacement: '${h}'}])",
      R"(alerting: {alert_relabel_configs: [{replacement: '${h}'}]})",
      R"(expr: 'label_replace(up, "host", "${h}", "instance", "(?P<h>.*):.*") > 1')",
      R"(summary: '{{ reReplaceAll "(?P<h>.*):.*" "${h}" $labels.instance }} is down')"};
  for (const std::string_view text : kCases) {
    SCOPED_TRACE(text);
    base::YamlErrors errors;
    base::YamlErrors none;
    EXPECT_EQ(Expand(text, errors), base::WriteYaml(base::ParseYaml(text, "f.yml", none)));
    EXPECT_EQ(errors.ToString(), "");
  }
}

TEST(EnvironmentTest, ExpandsBesideTemplates) {
  base::YamlErrors errors;
  EXPECT_EQ(Expand("a: '${URL} {{ \"${h}\" }} ${NONE:-x} {{ ${NONE:-y}'\n", errors),
            "a: \"postgresql://u:${NAME}@h/db {{ \\\"${h}\\\" }} x {{ y\"\n");
  EXPECT_EQ(errors.ToString(), "");
}

TEST(EnvironmentTest, ExternalLabelsFollowPrometheus) {
  base::YamlErrors errors;
  EXPECT_EQ(
      Expand("global: {external_labels: {a: 'x$URL/y', b: '${NONE}-$NONE-$$', c: '${NONE:-d}$', d: '$-${x'}}", errors),
      "global: \n  external_labels: \n    a: \"xpostgresql://u:${NAME}@h/db/y\"\n    b: \"--$\"\n    c: \"d$\"\n"
      "    d: \"$-\"\n");
  EXPECT_EQ(errors.ToString(), "");
}

TEST(EnvironmentTest, AMissingVariableIsAnErrorWithItsPlace) {
  base::YamlErrors errors;
  Expand("a: 1\nb:\n  - x ${NONE} y\n", errors);
  EXPECT_EQ(errors.ToString(), "f.yml:3:5: environment variable NONE is not set (and ${NONE:-…} gives no default)\n");
}

}  // namespace
}  // namespace app
