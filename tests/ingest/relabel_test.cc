#include "ingest/relabel.h"

#include <gtest/gtest.h>

#include "ingest/md5.h"

namespace ingest {
namespace {

std::vector<RelabelConfig> Steps(std::string_view yaml, base::YamlErrors& errors) {
  const base::YamlNode node = base::ParseYaml(yaml, "r.yml", errors);
  std::vector<RelabelConfig> steps;
  base::ReadYaml(base::YamlReader(node, "steps", errors), steps);
  return steps;
}

TEST(Relabel, Actions) {
  struct Case {
    std::string_view name;
    std::string_view steps;
    std::string_view want;  // "" for dropped
  };
  // on {a="foo", b="bar", c="baz"}
  static constexpr Case kCases[] = {
      {"replace", R"y(- {source_labels: [a], regex: "f(.*)", target_label: d, replacement: "ch${1}-ch${1}"})y",
       R"({a="foo", b="bar", c="baz", d="choo-choo"})"},
      {"two steps", R"y([{source_labels: [a, b], regex: "f(.*);(.*)r", target_label: a, replacement: "b${1}${2}m"},
        {source_labels: [c, a], regex: "(b).*b(.*)ba(.*)", target_label: d, replacement: "$1$2$2$3"}])y",
       R"({a="boobam", b="bar", c="baz", d="boooom"})"},
      {"no match leaves alone", R"y(- {source_labels: [a], regex: "x", target_label: a, replacement: y})y",
       R"({a="foo", b="bar", c="baz"})"},
      {"anchored", R"y(- {source_labels: [a], regex: "o", target_label: a, replacement: y})y",
       R"({a="foo", b="bar", c="baz"})"},
      {"empty replacement removes", R"y(- {source_labels: [a], target_label: a, replacement: ""})y",
       R"({b="bar", c="baz"})"},
      {"empty value removes", R"y(- {source_labels: [nosuch], target_label: a})y", R"({b="bar", c="baz"})"},
      {"template in the target", R"y(- {source_labels: [a], regex: "(f).*", target_label: "x_$1"})y",
       R"({a="foo", b="bar", c="baz", x_f="f"})"},
      {"named group", R"y(- {source_labels: [a], regex: "(?P<all>.+)", target_label: d, replacement: "<$all>"})y",
       R"({a="foo", b="bar", c="baz", d="<foo>"})"},
      {"unknown groups are empty", R"y(- {source_labels: [a], target_label: d, replacement: "x$9$1x$$y${1}$"})y",
       R"({a="foo", b="bar", c="baz", d="x$yfoo$"})"},
      {"separator", R"y(- {source_labels: [a, b], separator: "-", target_label: d})y",
       R"({a="foo", b="bar", c="baz", d="foo-bar"})"},
      {"drop", R"y(- {source_labels: [a], regex: ".*o.*", action: drop})y", ""},
      {"drop elsewhere", R"y(- {source_labels: [a], regex: "f|o", action: drop})y", R"({a="foo", b="bar", c="baz"})"},
      {"keep", R"y(- {source_labels: [a], regex: "foo", action: keep})y", R"({a="foo", b="bar", c="baz"})"},
      {"keep elsewhere", R"y(- {source_labels: [a], regex: "no", action: keep})y", ""},
      {"keepequal",
       R"y([{target_label: d, replacement: foo}, {source_labels: [a], target_label: d, action: keepequal}])y",
       R"({a="foo", b="bar", c="baz", d="foo"})"},
      {"keepequal differs", R"y(- {source_labels: [a], target_label: b, action: keepequal})y", ""},
      {"dropequal",
       R"y([{target_label: d, replacement: foo}, {source_labels: [a], target_label: d, action: dropequal}])y", ""},
      {"dropequal differs", R"y(- {source_labels: [a], target_label: b, action: dropequal})y",
       R"({a="foo", b="bar", c="baz"})"},
      {"hashmod", R"y(- {source_labels: [c], target_label: d, action: hashmod, modulus: 1000})y",
       R"({a="foo", b="bar", c="baz", d="976"})"},
      {"labelmap", R"y(- {regex: "([ab])", replacement: "my_${1}", action: labelmap})y",
       R"({a="foo", b="bar", c="baz", my_a="foo", my_b="bar"})"},
      {"labeldrop", R"y(- {regex: "a|b", action: labeldrop})y", R"({c="baz"})"},
      {"labelkeep", R"y(- {regex: "a|b", action: labelkeep})y", R"({a="foo", b="bar"})"},
      {"uppercase", R"y(- {source_labels: [a], target_label: a, action: Uppercase})y",
       R"({a="FOO", b="bar", c="baz"})"},
      {"lowercase",
       R"y([{target_label: a, replacement: FOO}, {source_labels: [a], target_label: d, action: lowercase}])y",
       R"({a="FOO", b="bar", c="baz", d="foo"})"},
      {"dot matches line ends", "- {source_labels: [a], regex: \"foo.*\", separator: \"\\n\", target_label: d}",
       R"({a="foo", b="bar", c="baz"})"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    base::YamlErrors errors;
    const auto steps = Steps(c.steps, errors);
    EXPECT_EQ(errors.ToString(), "");
    const auto result = Relabel(steps, base::Labels{{"a", "foo"}, {"b", "bar"}, {"c", "baz"}});
    EXPECT_EQ(result ? result->ToString() : "", c.want);
  }
}

TEST(Relabel, ComplaintsOfTheFile) {
  struct Case {
    std::string_view steps;
    std::string_view want;
  };
  static constexpr Case kCases[] = {
      {"- {action: hashmod, target_label: a}", "relabel configuration for hashmod requires non-zero modulus"},
      {"- {source_labels: [a]}", "relabel configuration for replace action requires 'target_label' value"},
      {"- {action: lowercase, source_labels: [a]}",
       "relabel configuration for lowercase action requires 'target_label' value"},
      {"- {action: uppercase, target_label: a, replacement: x}", "'replacement' can not be set for uppercase action"},
      {"- {action: labelmap, replacement: ''}", "\"\" is invalid 'replacement' for labelmap action"},
      {"- {action: dropequal, target_label: a, regex: x}",
       "dropequal action requires only 'source_labels' and 'target_label', and no other fields"},
      {"- {action: labeldrop, source_labels: [a]}", "labeldrop action requires only 'regex', and no other fields"},
      {"- {action: labelkep}", "unknown relabel action \"labelkep\" (did you mean labelkeep?)"},
      {"- {regex: 'a('}", "invalid regular expression \"a(\": missing ): a("},
      {"- ", "empty or null relabeling rule"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.steps);
    base::YamlErrors errors;
    Steps(c.steps, errors);
    ASSERT_EQ(errors.errors().size(), 1);
    EXPECT_TRUE(errors.ToString().contains(c.want)) << errors.ToString();
  }
}

TEST(Md5, KnownDigests) {
  const auto hex = [](std::string_view text) {
    std::string out;
    for (const uint8_t byte : Md5(text)) out += fmt::format("{:02x}", byte);
    return out;
  };
  EXPECT_EQ(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
}

}  // namespace
}  // namespace ingest
