#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace base {
namespace {

TEST(JsonWriter, PutsCommasAndColons) {
  JsonWriter json;
  json.BeginObject().Key("a").BeginArray().Number(1).Number(-2).BeginArray().EndArray().BeginObject().EndObject();
  json.EndArray().Key("b").Null().Key("c").Bool(true).Key("d").Bool(false).Key("e").Raw("[1,2]");
  json.Key("f").BeginObject().Key("g").String("h").Key("i").String("j").EndObject().EndObject();
  EXPECT_EQ(std::move(json).Take(),
            R"({"a":[1,-2,[],{}],"b":null,"c":true,"d":false,"e":[1,2],"f":{"g":"h","i":"j"}})");
}

TEST(JsonWriter, Numbers) {
  JsonWriter json;
  json.BeginArray().Number(0.1).Number(1e21).Number(1e-7).Number(-0.0).Number(INFINITY).Number(NAN);
  json.Number(std::numeric_limits<int64_t>::min()).Number(std::numeric_limits<uint64_t>::max()).EndArray();
  EXPECT_EQ(json.text(), "[0.1,1e+21,1e-7,-0,null,null,-9223372036854775808,18446744073709551615]");
}

TEST(JsonWriter, EscapesText) {
  struct Case {
    std::string text;
    std::string want;
  };
  for (const Case& test : {Case{"", R"("")"},
                           {"plain", R"("plain")"},
                           {"say \"x\\y\"", R"("say \"x\\y\"")"},
                           {"\n\r\t\b\f", R"("\n\r\t\b\f")"},
                           {std::string("\x00\x1f\x7f", 3), "\"\\u0000\\u001f\x7f\""},
                           {"é€😀", "\"é€😀\""},
                           {"a\xff\xc3(", "\"a\xEF\xBF\xBD\xEF\xBF\xBD(\""},
                           {"cut \xe2\x82", "\"cut \xEF\xBF\xBD\xEF\xBF\xBD\""},
                           {"</script>", R"("</script>")"}}) {
    SCOPED_TRACE(test.text);
    std::string out;
    AppendJsonString(out, test.text);
    EXPECT_EQ(out, test.want);
  }
}

}  // namespace
}  // namespace base
