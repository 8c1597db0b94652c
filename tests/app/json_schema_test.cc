#include "app/json_schema.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace app {
namespace {

// Without the frame every schema has.
std::string Properties(const std::vector<base::FieldHelp>& fields, bool environment = false) {
  std::string text = JsonSchema(fields, {.id = "x", .title = "t", .environment = environment});
  constexpr std::string_view kFrame =
      R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"x","title":"t",)"
      R"("type":"object","additionalProperties":false,"properties":)";
  EXPECT_TRUE(text.starts_with(kFrame)) << text;
  return text.substr(kFrame.size());
}

TEST(JsonSchemaTest, FieldsBecomeProperties) {
  struct Case {
    base::FieldHelp field;
    std::string_view want;
  };
  const Case cases[] = {
      {{"a", "string", "", "Help.", true, nullptr},
       R"({"a":{"description":"Help.","type":["string","number","boolean"]}},"required":["a"],"$defs":{}})"},
      {{"a", "duration", "5m", "H", false, nullptr},
       R"({"a":{"description":"H","default":"5m","type":["string","integer","null"],)"
       R"("pattern":"^(0|([0-9]+(ms|[smhdwy]))+)$"}},"$defs":{}})"},
      {{"a", "http or https", "http", "H", true, nullptr},
       R"({"a":{"description":"H","default":"http","enum":["http","https"]}},"required":["a"],"$defs":{}})"},
      {{"a", "http or https", "the parent's", "H", false, nullptr},
       R"({"a":{"description":"H","enum":["http","https",null]}},"$defs":{}})"},
      {{"a", "list of paths", "[]", "H", true, nullptr},
       R"({"a":{"description":"H","type":"array","items":{"type":["string","number","boolean"]}}},)"
       R"("required":["a"],"$defs":{}})"},
      {{"a", "word or list of words", "", "H", true, nullptr},
       R"({"a":{"description":"H","anyOf":[{"type":["string","number","boolean"]},{"type":"array","items":)"
       R"({"type":["string","number","boolean"]}}]}},"required":["a"],"$defs":{}})"},
      {{"a", "list of columns, or map of label to column", "", "H", true, nullptr},
       R"({"a":{"description":"H","anyOf":[{"type":"array","items":{"type":["string","number","boolean"]}},)"
       R"({"type":"object"}]}},"required":["a"],"$defs":{}})"},
      {{"a", "", "", "Not supported.", false, nullptr},
       R"({"a":{"description":"Not supported.","not":{}}},"$defs":{}})"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.field.type);
    EXPECT_EQ(Properties({c.field}), std::string(c.want) + "\n");
  }
  EXPECT_EQ(Properties({{"a", "integer", "7", "H", true, nullptr}}, true),
            R"({"a":{"description":"H","default":7,"type":["integer","string"],)"
            R"("pattern":"^[-+]?[0-9]+$|\\$\\{"}},"required":["a"],"$defs":{}})"
            "\n");
}

TEST(JsonSchemaTest, NestedTablesAreDefinitionsAndMayNestThemselves) {
  std::vector<base::FieldHelp> route = {{"receiver", "string", "", "Who.", true, nullptr}};
  route.push_back({"routes", "list of routes", "[]", "Below.", false, nullptr});
  route.push_back({"below", "map", "", "Below.", false, &route});
  const std::vector<base::FieldHelp> root = {{"route", "map or path", "", "The root.", true, &route}};
  EXPECT_EQ(Properties(root),
            R"({"route":{"description":"The root.","anyOf":[{"$ref":"#/$defs/route"},)"
            R"({"type":["string","number","boolean"]}]}},"required":["route"],"$defs":{"route":{"type":"object",)"
            R"("additionalProperties":false,"properties":{"receiver":{"description":"Who.",)"
            R"("type":["string","number","boolean"]},"routes":{"description":"Below.","type":["array","null"],)"
            R"("items":{"$ref":"#/$defs/route"}},"below":{"description":"Below.","anyOf":[{"$ref":"#/$defs/route"},)"
            R"({"type":"null"}]}},"required":["receiver"]}}})"
            "\n");
}

}  // namespace
}  // namespace app
