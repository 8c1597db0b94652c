#include <gtest/gtest.h>

#include "base/template/format.h"
#include "base/template/functions_alertmanager.h"
#include "base/template/functions_prometheus.h"
#include "base/template/template.h"
#include "base/time_zone.h"

namespace base {
namespace {

const Timestamp kNow{std::chrono::milliseconds(1'700'000'000'500)};  // 2023-11-14 22:13:20.5 UTC

struct Case {
  std::string text;
  std::string want;  // the text, or the end of the message
};

void Check(const std::vector<Case>& cases, const TemplateFunctions& functions, const TemplateValue& root) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.text);
    const auto parsed = Template::Parse("t", test.text, functions);
    ASSERT_TRUE(parsed) << parsed.error().message;
    const auto result = parsed->Execute(root);
    const std::string got = result ? *result : result.error().message;
    EXPECT_TRUE(result ? got == test.want : got.ends_with(test.want)) << got;
  }
}

TEST(PrometheusTemplateFunctions, Table) {
  PrometheusTemplateContext context{.now = kNow, .external_url = "http://host:9090/prom"};
  context.query = [](std::string_view expression) -> Result<std::vector<TemplateSample>> {
    if (expression == "bad") return Invalid("parse error");
    if (expression == "none") return std::vector<TemplateSample>{};
    return std::vector<TemplateSample>{{Labels{{"instance", "b"}, {"__name__", "up"}}, 21},
                                       {Labels{{"instance", "a"}}, 11.5, "text"}};
  };
  Check(
      {
          {"{{ range query \"up\" }}{{ .Labels.instance }}={{ .Value }};{{ end }}", "b=21;a=11.5;"},
          {"{{ range query \"up\" | sortByLabel \"instance\" }}{{ . | label \"instance\" }}={{ . | value }};{{ end }}",
           "a=11.5;b=21;"},
          {"{{ query \"up\" | first | value | printf \"%.1f\" }}", "21.0"},
          {"{{ with query \"none\" }}{{ . | first | value }}{{ else }}nothing{{ end }}", "nothing"},
          {"{{ query \"none\" | first }}", "error calling first: first() called on vector with no elements"},
          {"{{ query \"bad\" }}", "error calling query: parse error"},
          {"{{ (index (query \"up\") 1) | strvalue }}", "text"},
          {"{{ 5 | value }}", "error calling value: expected *template.sample; got int"},
          {"{{ define \"x\" }}{{ .arg0 }}-{{ .arg1 }}{{ end }}{{ template \"x\" (args 1 \"b\") }}", "1-b"},
          {"{{ reReplaceAll \"([a-z]+)-(?P<n>[0-9]+)\" \"${n}:$1:$9:$$\" \"ab-1 cd-22\" }}", "1:ab::$ 22:cd::$"},
          {"{{ reReplaceAll \"x*\" \"-\" \"abxd\" }}|{{ reReplaceAll \"$1x\" \"$1x\" \"q\" }}", "-a-b-d-|q"},
          {"{{ match \"a.c\" \"xabcx\" }} {{ match \"^a\" \"ba\" }}", "true false"},
          {"{{ match \"[\" \"a\" }}", "error calling match: error parsing regexp: missing ]: [: `[`"},
          {"{{ title \"hello wORLD éa\" }} {{ toUpper \"aé\" }} {{ toLower \"AÉ\" }}", "Hello WORLD Éa AÉ aé"},
          {"{{ graphLink \"up{a=\\\"b c\\\"}\" }}", "/graph?g0.expr=up%7Ba%3D%22b+c%22%7D&g0.tab=0"},
          {"{{ tableLink \"up\" }} {{ pathPrefix }} {{ externalURL }}",
           "/graph?g0.expr=up&g0.tab=1 /prom http://host:9090/prom"},
          {"{{ stripPort \"host:80\" }} {{ stripPort \"[::1]:80\" }} {{ stripPort \"host\" }} {{ stripPort \"::1\" }}",
           "host ::1 host ::1"},
          {"{{ stripDomain \"a.b.c:80\" }} {{ stripDomain \"a.b\" }} {{ stripDomain \"10.0.0.1:80\" }} {{ stripDomain "
           "\"[::1]:80\" }}",
           "a:80 a 10.0.0.1:80 [::1]:80"},
          {"{{ range $v := args 0.0 1.0 1234567.0 .12 0.00001 -1200.0 999.99 }}{{ humanize $v }} {{ end }}",
           "0 1 1.235M 120m 10u -1.2k 1000 "},
          {"{{ humanize \"1e3\" }} {{ humanize1024 1048576.0 }} {{ humanize1024 1.0 }} {{ humanizePercentage 0.1234567 "
           "}}",
           "1k 1Mi 1 12.35%"},
          {"{{ humanize \"abc\" }}", "error calling humanize: strconv.ParseFloat: parsing \"abc\": invalid syntax"},
          {"{{ humanize true }}", "error calling humanize: can't convert bool to float"},
          {"{{ humanizeDuration 0 }} {{ humanizeDuration 1.5 }} {{ humanizeDuration 60 }} {{ humanizeDuration 3600 }} "
           "{{ humanizeDuration 93784 }}",
           "0s 1.5s 1m 0s 1h 0m 0s 1d 2h 3m 4s"},
          {"{{ humanizeDuration -61.9 }} {{ humanizeDuration 0.0125 }} {{ humanizeDuration \"90\" }}",
           "-1m 1s 12.5ms 1m 30s"},
          {"{{ humanizeTimestamp 1435065584.128 }} {{ (1435065584 | toTime).Format \"2006\" }} {{ toDuration 90.5 }}",
           "2015-06-23 13:19:44.128 +0000 UTC 2015 1m30.5s"},
          {"{{ humanizeTimestamp 1e20 }}",
           "1e+20 cannot be represented as a nanoseconds timestamp since it overflows int64"},
          {"{{ now | printf \"%.1f\" }} {{ parseDuration \"1h30m\" }} {{ urlQueryEscape \"a b&\" }} {{ safeHtml "
           "\"<b>\" }}",
           "1700000000.5 5400 a+b%26 <b>"},
          {"{{ parseDuration \"x\" }}", "error calling parseDuration: not a valid duration string: \"x\""},
      },
      PrometheusTemplateFunctions(context), {});
  Check({{"{{ query \"up\" }}", "error calling query: queries are not possible here"}}, PrometheusTemplateFunctions({}),
        {});
}

TEST(AlertmanagerTemplateFunctions, Table) {
  const auto root = TemplateValue::Map({{"at", TemplateTime::At(kNow)},
                                        {"names", TemplateValue::Texts({"a", "b"})},
                                        {"kv", TemplateValue::TextMap(TemplateMap{{"k", "<v>"}})}});
  AlertmanagerTemplateContext context{.now = kNow + std::chrono::seconds(90)};
  Check(
      {
          {"{{ toUpper \"ab\" }} {{ title \"hello wORLD don't\" }} [{{ trimSpace \"  x \" }}]",
           "AB Hello World Don't [x]"},
          {"{{ .names | join \", \" }} {{ stringSlice \"x\" \"y\" | join \"-\" }} {{ join \"+\" .names }}",
           "a, b x-y a+b"},
          {"{{ join \",\" (list 1 2) }}", "wrong type for value; expected []string; got []interface {}"},
          {"{{ .at | date \"15:04 Mon\" }} {{ .at | tz \"Europe/Berlin\" | date \"15:04 MST -0700\" }}",
           "22:13 Tue 23:13 CET +0100"},
          {"{{ tz \"Nowhere/City\" .at }}", "error calling tz: unknown time zone Nowhere/City"},
          {"{{ since .at }} {{ since .at | humanizeDuration }} {{ now.Unix }}", "1m30s 1m 30s 1700000090"},
          {"{{ (toDate \"2006-01-02 15:04\" \"2024-02-29 10:30\").Unix }} {{ (toDate \"Jan _2 2006 3:04PM -07:00\" "
           "\"Feb  9 2024 1:05PM +02:00\").Unix }}",
           "1709202600 1707476700"},
          {"{{ mustToDate \"2006\" \"x\" }}",
           "error calling mustToDate: parsing time \"x\" as \"2006\": it does not fit"},
          {"{{ toJson .kv }} {{ dict \"b\" (list 1 2.5 nil true) \"a\" .at | toJson }}",
           "{\"k\":\"\\u003cv\\u003e\"} {\"a\":\"2023-11-14T22:13:20.5Z\",\"b\":[1,2.5,null,true]}"},
          {"{{ base64encode \"a?>b\" }} {{ base64decode \"YT8-Yg==\" }}", "YT8-Yg== a?>b"},
          {"{{ base64decode \"!\" }}", "error calling base64decode: illegal base64 data at input byte 0"},
          {"{{ append (list 1) 2 3 }} {{ (dict \"a\" 1).a }} {{ (dict \"a\" 1).b }}", "[1 2 3] 1 <no value>"},
          {"{{ dict 1 }}", "error calling dict: invalid dict call"},
          {"{{ urlUnescape \"a%20b+c\" }} {{ reReplaceAll \"a+\" \"x\" \"caat\" }} {{ match \"^a\" \"ab\" }}",
           "a b c cxt true"},
          {"{{ urlUnescape \"%zz\" }}", "error calling urlUnescape: invalid URL escape in \"%zz\""},
          {"{{ $l := list }}{{ range 100 }}{{ $l = list $l }}{{ end }}",
           "error calling list: the value is nested too deeply"},
      },
      AlertmanagerTemplateFunctions(context), root);
}

TEST(TimeZone, KnowsSummerTimeNowAndLater) {
  const auto berlin = TimeZone::Load("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().message;
  struct ZoneCase {
    int64_t seconds;
    TimeZone::Local want;
  };
  for (const ZoneCase& test : {ZoneCase{1'711'846'799, {3600, "CET"}},  // 2024-03-31 00:59:59 UTC
                               {1'711'846'800, {7200, "CEST"}},
                               {1'729'990'799, {7200, "CEST"}},  // 2024-10-27 00:59:59 UTC
                               {1'729'990'800, {3600, "CET"}},
                               {2'540'000'000, {7200, "CEST"}},    // 2050-06-28, by the rule
                               {2'555'000'000, {3600, "CET"}}}) {  // 2050-12-18
    SCOPED_TRACE(test.seconds);
    EXPECT_EQ(berlin->At(Timestamp(std::chrono::seconds(test.seconds))), test.want);
  }
  EXPECT_EQ(TimeZone::Load("Asia/Kolkata")->At(kNow), (TimeZone::Local{19'800, "IST"}));
  EXPECT_EQ(TimeZone::Load("UTC")->At(kNow), (TimeZone::Local{0, "UTC"}));
}

TEST(TimeZone, RefusesWhatItCannotRead) {
  EXPECT_EQ(TimeZone::Load("Nowhere").error().message, "unknown time zone Nowhere");
  EXPECT_EQ(TimeZone::Load("../../etc/passwd").error().message, "unknown time zone ../../etc/passwd");
  EXPECT_EQ(TimeZone::Load("Europe").error().code == ErrorCode::not_found ||
                TimeZone::Load("Europe").error().code == ErrorCode::corrupt,
            true);
  std::string broken = "TZif2";
  broken.append(39, '\xff');
  EXPECT_EQ(TimeZone::Parse("x", broken).error().message, "the file of time zone \"x\" is malformed");
  EXPECT_EQ(TimeZone::Parse("x", "").error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace base
