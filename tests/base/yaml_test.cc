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
      {"a: [1, 2\nb: 3\n", "f.yml:1:4: not valid YAML: the [ that begins here has no ]\n"},
      {"a: 1\n\tb: 2\n",
       "f.yml:2:1: not valid YAML: the line is indented with a tab, which YAML does not allow: use spaces\n"},
      {"a: *nope\n", "f.yml:1:4: not valid YAML: a value that begins with * must be in quotes: a: \"*nope\"\n"},
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

TEST(YamlTest, SyntaxErrorsSayWhatToChange) {
  const struct {
    std::string_view text;
    std::string_view want;
  } kCases[] = {
      {"a:\n  - b: x\n    warning: > 3\n    for: 1m\n",
       "3:14: a value that begins with > must be in quotes: warning: \"> 3\""},
      {"a:\n  - b: x\n    warning: >3\n    for: 1m\n",
       "3:14: a value that begins with > must be in quotes: warning: \">3\""},
      {"warning: >= 80% # high\n", "1:10: a value that begins with >= must be in quotes: warning: \">= 80%\""},
      {"warning: != 3\n", "1:10: a value that begins with != must be in quotes: warning: \"!= 3\""},
      {"- {a: b, warning: > 3, c: d}\n", "1:19: a value that begins with > must be in quotes: warning: \"> 3\""},
      {"channel: @ops\n", "1:10: a value that begins with @ must be in quotes: channel: \"@ops\""},
      {"a: %d\n", "1:4: a value that begins with % must be in quotes: a: \"%d\""},
      {"a:\n\t- b: 1\n", "2:1: the line is indented with a tab, which YAML does not allow: use spaces"},
      {"a:\n  - b: 1\n  \tc: 2\n", "3:3: the line is indented with a tab, which YAML does not allow: use spaces"},
      {"a:\n  - b: 1\n   c: 2\n",
       "3:4: the indentation fits no line above: what is open above goes on in column 1 or 3 or 5"},
      {"a:\n    - b: 1\n      c: 2\n   - b: 2\n",
       "4:4: the indentation fits no line above: the other items of the lists begin in column 5"},
      {"a:\n  - b: 1\n     c: 2\n",
       "3:6: the line is indented too far: \"b\" above has a value already; begin in column 5 to go on with its map"},
      {"a:\n  - name: \"A\n    value: up\n    warning: \"> 3\"\n",
       "2:11: the quote \" that begins here is not closed on its line"},
      {"summary: PAR: too high\n",
       "1:10: a value that holds a colon and a space must be in quotes: summary: \"PAR: too high\""},
      {"a:\n  - name:A\n    value: up\n", "2:9: a space is missing behind the colon: name: A"},
      {"a:\n  by: [x, y\n  c: d\n", "2:7: the [ that begins here has no ]"},
      {"summary: {{ $value }} is high\n",
       "1:10: a value that begins with {{ must be in quotes: summary: \"{{ $value }} is high\""},
  };
  for (const auto& test : kCases) {
    YamlErrors errors;
    ParseYaml(test.text, "f.yml", errors);
    ASSERT_FALSE(errors.empty()) << test.text;
    const Error& error = errors.errors().back();
    const SourcePosition where = error.where.value_or(SourcePosition{});
    EXPECT_EQ(error.message, "not valid YAML: " + std::string(test.want.substr(test.want.find(": ") + 2))) << test.text;
    EXPECT_TRUE(test.want.starts_with(std::to_string(where.line) + ":" + std::to_string(where.column) + ": "))
        << error.ToString();
  }
}

TEST(YamlTest, BlocksAndTagsThatAreMeantStay) {
  for (const std::string_view text : {"a: >\n  folded\n  text\n", "a: >-\n  x\n", "a: |2\n    x\n", "a: !!str 3\n",
                                      "a: ''\n", "a: \"> 3\"\n", "a: >2\n    x\n"}) {
    YamlErrors errors;
    ParseYaml(text, "f.yml", errors);
    EXPECT_EQ(errors.ToString(), "") << text;
  }
}

TEST(YamlTest, AnEmptyFileIsReadAsNothing) {
  const test::TemporaryDirectory folder;
  YamlErrors errors;
  EXPECT_EQ(ReadYamlFile(folder.Write("empty.yml", ""), errors).kind, YamlNode::Kind::null);
  EXPECT_EQ(errors.ToString(), "");
  ReadYamlFile((folder.path() / "none.yml").string(), errors);
  EXPECT_TRUE(errors.ToString().ends_with(": No such file or directory\n")) << errors.ToString();
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
