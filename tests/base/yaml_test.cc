#include "base/yaml/yaml.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/support.h"

namespace base {

struct Inner {
  std::string name;
  int count = 7;
};
struct Outer {
  double ratio = 0.5;
  bool on = false;
  Duration wait{};
  Secret password;
  std::vector<Inner> list;
  std::map<std::string, std::string> labels;
};

const YamlSchema<Inner>& InnerSchema() {
  static const YamlSchema<Inner> schema({
      Required("name", "string", &Inner::name, "Its name."),
      Optional("count", "number", "7", &Inner::count, "How many."),
  });
  return schema;
}
bool ReadYaml(const YamlReader& in, Inner& out) { return InnerSchema().Read(in, out); }

const YamlSchema<Outer>& OuterSchema() {
  static const YamlSchema<Outer> schema([] {
    std::vector<Field<Outer>> fields = {
        Optional("ratio", "number", "0.5", &Outer::ratio, "A ratio."),
        Optional("on", "boolean", "false", &Outer::on, "A switch."),
        Optional("wait", "duration", "0s", &Outer::wait, "A while."),
        Optional("list", "list", "[]", &Outer::list, "Some.", &InnerSchema().help()),
        Optional("labels", "map", "{}", &Outer::labels, "Labels."),
    };
    for (Field<Outer>& field : SecretFields("password", &Outer::password, "A secret.")) fields.push_back(field);
    return fields;
  }());
  return schema;
}
bool ReadYaml(const YamlReader& in, Outer& out) { return OuterSchema().Read(in, out); }

namespace {

Outer ReadOuter(std::string_view text, YamlErrors& errors) {
  const YamlNode root = ParseYaml(text, "f.yml", errors);
  Outer outer;
  ReadYaml(YamlReader(root, "", errors), outer);
  return outer;
}

TEST(YamlTest, ReadsAStruct) {
  YamlErrors errors;
  const Outer outer = ReadOuter(R"(
ratio: .5e1
on: yes
wait: 1h30m
list: [{name: a, count: 3}, {name: 'b'}]
labels: {team: risk, empty: }
password_file: /x
)",
                                errors);
  EXPECT_EQ(errors.ToString(), "");
  EXPECT_EQ(outer.ratio, 5);
  EXPECT_TRUE(outer.on);
  EXPECT_EQ(outer.wait, std::chrono::minutes(90));
  ASSERT_EQ(outer.list.size(), 2U);
  EXPECT_EQ(outer.list[0].count, 3);
  EXPECT_EQ(outer.list[1].count, 7);
  EXPECT_EQ(outer.labels, (std::map<std::string, std::string>{{"team", "risk"}, {"empty", ""}}));
  EXPECT_EQ(outer.password, (Secret{"", "/x"}));
}

TEST(YamlTest, TellsEveryMistakeAtOnceWithItsPlace) {
  YamlErrors errors;
  ReadOuter(R"(ratio: much
on: 1
wait: 5 minutes
lst: []
list:
  - count: 3
  - name: [x]
    count: many
  - name: b
    name: c
password: a
password_file: b
labels: text
)",
            errors);
  EXPECT_EQ(errors.ToString(),
            "f.yml:10:5: key \"name\" is given twice, first with the value on line 9\n"
            "f.yml:4:1: unknown key \"lst\" (did you mean \"list\"?)\n"
            "f.yml:1:8: ratio: expected a number, found \"much\"\n"
            "f.yml:2:5: on: expected true or false, found \"1\"\n"
            "f.yml:3:7: wait: unknown unit \" minutes\" in duration \"5 minutes\"\n"
            "f.yml:6:5: list[0]: \"name\" is missing\n"
            "f.yml:7:11: list[1].name: expected text, found a list\n"
            "f.yml:8:12: list[1].count: expected a whole number, found \"many\"\n"
            "f.yml:12:16: password_file: and password are both given; at most one may be\n"
            "f.yml:13:9: labels: expected a map\n");
}

TEST(YamlTest, SyntaxErrorsHavePositions) {
  const struct {
    std::string_view text;
    std::string_view want;
  } kCases[] = {
      {"a: [1, 2\nb: 3\n", "f.yml:2:2: not valid YAML: end of sequence flow not found\n"},
      {"a: 1\n\tb: 2\n", "f.yml:2:1: not valid YAML: illegal tab when looking for indentation\n"},
      {"a: *nope\n", "f.yml:1:4: not valid YAML: the referenced anchor is not defined\n"},
      {"? [a, b]\n: 1\n", "f.yml:1:3: a key must be plain text\n"},
      {"a: 1\nb: \"\u00e4\xff\"\n", "f.yml:2:7: not valid YAML: a byte that is not UTF-8, or NUL\n"},
      {std::string_view("a: b\n\0c", 7), "f.yml:2:1: not valid YAML: a byte that is not UTF-8, or NUL\n"},
      {"a: \xe2\x82", "f.yml:1:4: not valid YAML: a byte that is not UTF-8, or NUL\n"},
  };
  for (const auto& test : kCases) {
    YamlErrors errors;
    ParseYaml(test.text, "f.yml", errors);
    EXPECT_EQ(errors.ToString(), test.want);
  }
}

TEST(YamlTest, ExpandsAliasesAndMergeKeys) {
  YamlErrors errors;
  const YamlNode root = ParseYaml("base: &b {x: 1, y: 2}\none: {<<: *b, y: 3}\ntwo: *b\n", "f.yml", errors);
  EXPECT_EQ(errors.ToString(), "");
  EXPECT_EQ(WriteYaml(root), "base: \n  x: 1\n  y: 2\none: \n  y: 3\n  x: 1\ntwo: \n  x: 1\n  y: 2\n");
}

TEST(YamlTest, WritesWhatReadsAsTheSame) {
  const struct {
    std::string_view text;
    std::string_view want;
  } kCases[] = {
      {"a: b\n\n  c\n", "a: \"b\\nc\"\n"},
      {"a: |\n  b\n  c\n", "a: \"b\\nc\\n\"\n"},
      {"[b:c, -1, '-', 'x # y', \"\", 'null']\n", "- b:c\n- -1\n- \"-\"\n- \"x # y\"\n- \"\"\n- \"null\"\n"},
      {"- !!str ~x\n- http://h:1/p?q\n", "- ~x\n- http://h:1/p?q\n"},
      {"{a: [], b: {}, c: }\n", "a: []\nb: {}\nc: null\n"},
  };
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.text);
    YamlErrors errors;
    const std::string written = WriteYaml(ParseYaml(test.text, "f.yml", errors));
    EXPECT_EQ(written, test.want);
    EXPECT_EQ(WriteYaml(ParseYaml(written, "f.yml", errors)), written);
    EXPECT_EQ(errors.ToString(), "");
  }
}

TEST(YamlTest, HostileInputEndsInAnError) {
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{}: &a{} [", i, i);
    for (int j = 0; j < 10; ++j) bomb += fmt::format("{}*a{}", j == 0 ? "" : ",", i - 1);
    bomb += "]\n";
  }
  const struct {
    std::string text;
    std::string_view want;
  } kCases[] = {
      {bomb, "f.yml:6:38: more than 1000000 values, aliases included\n"},
      {std::string(100, '['), "f.yml:1:33: nested more than 64 deep\n"},
      {"a: &a [[[[[[[[[[x]]]]]]]]]]\nb: &b [[[[[[[[[[*a]]]]]]]]]]\nc: &c [[[[[[[[[[*b]]]]]]]]]]\nd: &d "
       "[[[[[[[[[[*c]]]]]]]]]]\n"
       "e: &e [[[[[[[[[[*d]]]]]]]]]]\nf: &f [[[[[[[[[[*e]]]]]]]]]]\ng: [[[[[[[[[[*f]]]]]]]]]]\n",
       "f.yml:7:14: nested more than 64 deep\n"},
      {"a: &a [*a]\n", "f.yml:1:8: an alias refers to the node it stands in\n"},
  };
  for (const auto& test : kCases) {
    YamlErrors errors;
    ParseYaml(test.text, "f.yml", errors);
    EXPECT_EQ(errors.ToString(), test.want);
  }
}

TEST(YamlTest, SecretsComeFromTheFileAsItIsNow) {
  const test::TemporaryDirectory directory;
  const Secret secret{"", directory.Write("password", "first\n")};
  EXPECT_EQ(secret.Read().value_or(""), "first");
  directory.Write("password", "second");
  EXPECT_EQ(secret.Read().value_or(""), "second");
  const auto missing = Secret{"", "/nowhere/x"}.Read();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot read the secret file \"/nowhere/x\": No such file or directory");
}

TEST(YamlTest, DescribesItsTables) {
  EXPECT_EQ(DescribeSchema("outer", OuterSchema().help()),
            "### `outer`\n\n| key | type | default | what it is |\n|---|---|---|---|\n"
            "| `ratio` | number | `0.5` | A ratio. |\n| `on` | boolean | `false` | A switch. |\n"
            "| `wait` | duration | `0s` | A while. |\n| `list` | list | `[]` | Some. |\n"
            "| `labels` | map | `{}` | Labels. |\n| `password` | secret |  | A secret. |\n"
            "| `password_file` | path |  | A secret. Read from this file each time it is used. |\n\n"
            "### `outer.list[]`\n\n| key | type | default | what it is |\n|---|---|---|---|\n"
            "| `name` | string | required | Its name. |\n| `count` | number | `7` | How many. |\n\n");
}

}  // namespace
}  // namespace base
