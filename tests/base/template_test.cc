#include "base/template/template.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tests/support/support.h"

// The texts and messages expected here, and those of testdata/printf_verbs.json, are what Go 1.26's text/template gave
// for the same templates and data.

namespace base {
namespace {

using Values = std::span<const TemplateValue>;

TemplateFunctions Functions() {
  using enum TemplateParameter;
  return {
      {"toUp",
       {{text},
        false,
        [](Values v) -> Result<TemplateValue> {
          std::string upper = v[0].text();
          for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
          return upper;
        }}},
      {"fail", {{}, false, [](Values) -> Result<TemplateValue> { return Invalid("oh no"); }}},
      {"add2",
       {{integer, integer}, false, [](Values v) -> Result<TemplateValue> { return v[0].integer() + v[1].integer(); }}},
      {"half", {{real}, false, [](Values v) -> Result<TemplateValue> { return v[0].real() / 2; }}},
      {"joinAll",
       {{text},
        true,
        [](Values v) -> Result<TemplateValue> {
          std::vector<std::string> parts;
          for (const TemplateValue& part : v) parts.push_back(part.text());
          return Join(parts, "+");
        }}},
  };
}

TemplateValue Data() {
  static const TemplateType object{"main.Obj"};
  using V = TemplateValue;
  return V::Map({{"s", "str"},
                 {"m", V::Map({})},
                 {"kv", V::TextMap(TemplateMap{{"a", "1"}, {"b", "2"}})},
                 {"l", V::List({1, 2, 3})},
                 {"texts", V::Texts({"x", "y"})},
                 {"i", 42},
                 {"neg", -7},
                 {"f", 1.5},
                 {"big", 1e6},
                 {"small", 1e-5},
                 {"huge", 1e21},
                 {"nan", std::nan("")},
                 {"inf", INFINITY},
                 {"ninf", -INFINITY},
                 {"negzero", -0.0},
                 {"t", true},
                 {"nil", V()},
                 {"d", TemplateDuration{90'500'000'000}},
                 {"time", TemplateTime{1'700'000'000'500'000'000, 0, "UTC"}},
                 {"obj", V::Object(&object, {{"Name", "n"}, {"Count", 3}})},
                 {"nested", V::Map({{"deep", V::Map({{"k", "v"}})}})},
                 {"html", "<b>&'\""},
                 {"empty", ""}});
}

// The text, or the message of whatever failed.
std::string Expand(const std::string& text, TemplateOptions options = {}, const Template::Variables& variables = {}) {
  const auto parsed = Template::Parse("t", text, Functions(), std::move(options));
  if (!parsed) return "PARSE " + parsed.error().message;
  const auto result = parsed->Execute(Data(), variables);
  return result ? *result : "RUN " + result.error().message;
}

struct Case {
  std::string text;
  std::string want;
};

TEST(Template, Texts) {
  for (
      const Case& test : std::vector<Case>{
          {"plain text", "plain text"},
          {"{{ .s }}", "str"},
          {R"~({{.s}}{{- " x" -}}   after)~", "str xafter"},
          {"  a  {{- .s -}}  b", "  astrb"},
          {"{{/* comment */}}x{{- /* trim */ -}} y", "xy"},
          {"{{ .nothere }}|{{ .kv.nothere }}|{{ .m.nothere }}", "<no value>||<no value>"},
          {"{{ .i }} {{ .neg }} {{ .f }} {{ .big }} {{ .t }} {{ .nil }} {{ .l }} {{ .kv }} {{ .texts }} {{ .d }} {{ "
           ".time }} {{ .obj }} {{ .nested }}",
           "42 -7 1.5 1e+06 true <no value> [1 2 3] map[a:1 b:2] [x y] 1m30.5s 2023-11-14 22:13:20.5 +0000 UTC {n 3} "
           "map[deep:map[k:v]]"},
          {"{{ .small }} {{ .huge }} {{ .nan }} {{ .inf }} {{ .ninf }} {{ .negzero }}", "1e-05 1e+21 NaN +Inf -Inf -0"},
          {R"~({{ 1 }} {{ -1 }} {{ 1.5 }} {{ 1e3 }} {{ 1e21 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ 'a' }} {{ '\n' }} {{ '\'' }} {{ 'é' }} {{ 1. }} {{ .5 }} {{ 0x1p4 }} {{ 1e6 }} {{ 123456.0 }} {{ 1234567.5 }})~",
           "1 -1 1.5 1000 1e+21 31 5 15 15 1000 97 10 39 233 1 0.5 16 1e+06 123456 1.2345675e+06"},
          {R"~({{ "a\tb\"c\\ \u00e9 \x41 \101" }} {{ `raw\n` }} {{ true }} {{ false }})~",
           "a\tb\"c\\ é A A raw\\n true false"},
          {"{{ $x := .i }}{{ $x }} {{ $x = 5 }}{{ $x }}", "42 5"},
          {"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}", "32"},
          {"{{ $ }}",
           R"~(map[big:1e+06 d:1m30.5s empty: f:1.5 html:<b>&'" huge:1e+21 i:42 inf:+Inf kv:map[a:1 b:2] l:[1 2 3] m:map[] nan:NaN neg:-7 negzero:-0 nested:map[deep:map[k:v]] nil:<nil> ninf:-Inf obj:{n 3} s:str small:1e-05 t:true texts:[x y] time:2023-11-14 22:13:20.5 +0000 UTC])~"},
          {"{{ $.s }} {{ with .nested }}{{ $.s }} {{ .deep.k }} {{ . }}{{ end }}", "str str v map[deep:map[k:v]]"},
          {"{{ if .t }}yes{{ else }}no{{ end }} {{ if .nil }}yes{{ else }}no{{ end }} {{ if .empty }}y{{ else if .i "
           "}}elif{{ else }}n{{ end }}",
           "yes no elif"},
          {"{{ if and .t .i (gt .i 5) }}A{{ end }}{{ if or .empty .nil }}B{{ else }}C{{ end }}{{ if not .t }}D{{ end "
           "}}",
           "AC"},
          {"{{ with .s }}[{{ . }}]{{ end }}{{ with .empty }}x{{ else }}else{{ end }}{{ with .empty }}x{{ else with .i "
           "}}{{ . }}{{ else }}y{{ end }}",
           "[str]else42"},
          {"{{ with $v := .i }}{{ $v }}{{ end }}", "42"},
          {"{{ range .l }}{{ . }},{{ end }}", "1,2,3,"},
          {"{{ range $i, $e := .l }}{{ $i }}={{ $e }};{{ end }}", "0=1;1=2;2=3;"},
          {"{{ range $e := .l }}{{ $e }};{{ end }}", "1;2;3;"},
          {"{{ range $k, $v := .kv }}{{ $k }}={{ $v }};{{ end }}", "a=1;b=2;"},
          {"{{ range .kv }}{{ . }}{{ end }}", "12"},
          {"{{ range .m }}x{{ else }}empty{{ end }}{{ range .nil }}x{{ else }}nil{{ end }}", "emptynil"},
          {"{{ range 3 }}{{ . }}{{ end }} {{ range $i := 2 }}{{ $i }}{{ end }} {{ range 0 }}x{{ else }}none{{ end }}",
           "012 01 none"},
          {"{{ range $i, $e := .l }}{{ if eq $e 2 }}{{ continue }}{{ end }}{{ $e }}{{ end }}", "13"},
          {"{{ range .l }}{{ if eq . 2 }}{{ break }}{{ end }}{{ . }}{{ end }}", "1"},
          {R"~({{ range .l }}{{ range $.texts }}{{ if eq . "y" }}{{ break }}{{ end }}{{ . }}{{ end }}{{ . }}{{ end }})~",
           "x1x2x3"},
          {"{{ $i := 0 }}{{ $e := 0 }}{{ range $i, $e = .l }}{{ end }}{{ $i }} {{ $e }}", "2 3"},
          {"{{ range $i, $x := .l }}{{ $x = 9 }}{{ $x }}{{ end }}", "999"},
          {R"~({{ define "T" }}[{{ . }}]{{ end }}{{ template "T" .s }}{{ template "T" }}{{ template "T" .nothere }})~",
           "[str][<no value>][<no value>]"},
          {R"~({{ define "T" }}{{ $ }}{{ end }}{{ template "T" "x" }})~", "x"},
          {R"~({{ block "B" .s }}<{{ . }}>{{ end }}{{ template "B" 5 }})~", "<str><5>"},
          {R"~({{ define "A" }}{{ template "C" . }}{{ end }}{{ define "C" }}c{{ . }}{{ end }}{{ template "A" 1 }})~",
           "c1"},
          {R"~({{ define "X" }}{{ end }}{{ define "X" }}full{{ end }}{{ template "X" }})~", "full"},
          {R"~({{ "a" | printf "%s-%s" "b" }} {{ 5 | printf "%d" }} {{ .s | toUp | printf "%q" }})~",
           R"~(b-a 5 "STR")~"},
          {R"~({{ (printf "%d" 5) | toUp }} {{ len (printf "abc") }} {{ (index .l 0) }} {{ (.nested).deep.k }} {{ (index .nested "deep").k }})~",
           "5 3 1 v v"},
          {R"~({{ len .l }} {{ len .kv }} {{ len .s }} {{ len "héllo" }} {{ .l | len }})~", "3 2 3 6 3"},
          {R"~({{ index .l 1 }} {{ index .kv "a" }} {{ index .kv "zz" }} {{ index .nested "deep" "k" }} {{ index .m "x" }} {{ index "abc" 1 }})~",
           "2 1  v <no value> 98"},
          {R"~({{ slice "abcdef" 1 3 }} {{ slice "abc" }} {{ slice "abc" 1 }} {{ slice .l 1 }} {{ slice .l 0 2 }} {{ slice .l 0 1 2 }})~",
           "bc abc bc [2 3] [1 2] [1]"},
          {R"~({{ eq 1 1 }} {{ eq 1 2 3 1 }} {{ eq "a" "a" }} {{ eq .f 1.5 }} {{ ne 1 2 }} {{ eq true .t }} {{ eq .nil .nil }} {{ eq .nil 1 }} {{ eq .d .d }})~",
           "true true true true true true true false true"},
          {R"~({{ lt 1 2 }} {{ le 2 2 }} {{ gt 1 2 }} {{ ge 2.5 2.5 }} {{ lt "a" "b" }} {{ gt "b" "a" }} {{ le "a" "a" }})~",
           "true true false true true true true"},
          {R"~({{ or "x" (fail) }} {{ and "" (fail) }})~", "x "},
          {R"~({{ not 0 }} {{ not "x" }} {{ not .nil }} {{ not .l }})~", "true false true false"},
          {R"~({{ print 1 2 "a" "b" 3 nil }} {{ print }} {{ print .nil }} {{ println 1 "a" }})~",
           "1 2ab3 <nil>  <nil> 1 a\n"},
          {R"~({{ html "<a href='x'>&\"" }} {{ js "it's \"<b>\" = \\ &" }} {{ urlquery "a b&c=d/é" }} {{ html 5 "<" }} {{ html .nil }})~",
           R"~(&lt;a href=&#39;x&#39;&gt;&amp;&#34; it\'s \"\u003Cb\u003E\" \u003D \\ \u0026 a+b%26c%3Dd%2F%C3%A9 5&lt; &lt;no value&gt;)~"},
          {R"~({{ printf "%v %s %d %q %f %.2f %e %g %x %t %T %%" .s .s .i .s .f .f .f .f .i .t .f }})~",
           R"~(str str 42 "str" 1.500000 1.50 1.500000e+00 1.5 2a true float64 %)~"},
          {R"~({{ printf "%6.2f|%-8s|%8s|%08.3f|%+d|% d|%x|%X|%#x|%o|%b|%c|%U" .f .s .s .f .i .i .s .s .i .i .i 65 65 }})~",
           "  1.50|str     |     str|0001.500|+42| 42|737472|737472|0x2a|52|101010|A|U+0041"},
          {R"~({{ printf "%d %s" .f .i }} {{ printf "%d" }} {{ printf "%d" 1 2 }} {{ printf "%z" 1 }} {{ printf "%" }} {{ printf "%!" 1 }})~",
           "%!d(float64=1.5) %!s(int=42) %!d(MISSING) 1%!(EXTRA int=2) %!z(int=1) %!(NOVERB) %!!(int=1)"},
          {R"~({{ printf "%v %v %v %v" .l .kv .nil .obj }} {{ printf "%s %s" .texts .l }} {{ printf "%d" .l }} {{ printf "%q" .texts }} {{ printf "%+v %#v" .obj .s }})~",
           R"~([1 2 3] map[a:1 b:2] <nil> {n 3} [x y] [%!s(int=1) %!s(int=2) %!s(int=3)] [1 2 3] ["x" "y"] {Name:n Count:3} "str")~"},
          {R"~({{ printf "%[2]d %[1]d" 1 2 }} {{ printf "%[3]d" 1 }} {{ printf "%*d" 5 42 }} {{ printf "%.*f" 2 3.14159 }} {{ printf "%-5d|" 3 }} {{ printf "%05d" -42 }} {{ printf "%x" -255 }})~",
           "2 1 %!d(BADINDEX)    42 3.14 3    | -0042 -ff"},
          {R"~({{ printf "%v %v %v" 1e6 1e20 1e21 }} {{ printf "%v %v" 0.0001 0.00001 }} {{ printf "%g %G %E" .big 1e-7 .big }} {{ printf "%.3g %.10g" 1234.5678 1234.5678 }} {{ printf "%.0f %.1f" 2.5 0.25 }} {{ printf "%5t|%v" true false }})~",
           "1e+06 1e+20 1e+21 0.0001 1e-05 1e+06 1E-07 1.000000E+06 1.23e+03 1234.5678 2 0.2  true|false"},
          {R"~({{ printf "%f %e %g %v %d" .nan .inf .ninf .nan .nan }} {{ printf "%6.1f|%06.1f|%+f" .inf .ninf .inf }})~",
           "NaN +Inf -Inf NaN %!d(float64=NaN)   +Inf|  -Inf|+Inf"},
          {R"~({{ printf "%s %v %d %q" .d .d .d .d }} {{ printf "%v %s" .time .time }} {{ printf "%.3s|%5.1s|%.10s" "héllo" "abc" "x" }})~",
           R"~(1m30.5s 1m30.5s 90500000000 "1m30.5s" 2023-11-14 22:13:20.5 +0000 UTC 2023-11-14 22:13:20.5 +0000 UTC hél|    a|x)~"},
          {R"~({{ printf "%x %X % x %#x %# x" "hi" "hi" "hi" "hi" "hi" }} {{ printf "%q %#q %+d %c" "a\"b" "ab" 5 128512 }} {{ printf "%q" 65 }} {{ printf "%08b|%3c|%-4q|%#o|%O" 5 65 65 8 8 }})~",
           R"~(6869 6869 68 69 0x6869 0x68 0x69 "a\"b" `ab` +5 😀 'A' 00000101|  A|'A' |010|0o10)~"},
          {R"~({{ printf "%t %s %d" 1 true "x" }} {{ printf "%s" nil }} {{ printf "%d" nil }} {{ printf "%v" nil }} {{ printf "%T %T %T %T %T %T %T" 1 1.5 "s" true nil .kv .l }})~",
           "%!t(int=1) %!s(bool=true) %!d(string=x) %!s(<nil>) %!d(<nil>) <nil> int float64 string bool <nil> "
           "map[string]string []interface {}"},
          {R"~({{ printf "%06s|%-6s|%6s|" "ab" "ab" "ab" }} {{ printf "%10.3v|%10v|%-10v|" "abcdef" 5 true }} {{ printf "%6v|%6v" .l .kv }} {{ printf "%#v %#v %#v %#v" 1 1.5 true .l }})~",
           "0000ab|ab    |    ab|        abc|         5|true      | [     1      2      3]|map[     a:     1      b:   "
           "  2] 1 1.5 true []interface {}{1, 2, 3}"},
          {R"~({{ printf "%.2f%%" .f }} {{ printf "%s" 1.5 }} {{ printf "%d%d" 1 }} {{ printf "no verbs" 1 "a" }} {{ printf "%v" .html }})~",
           R"~(1.50% %!s(float64=1.5) 1%!d(MISSING) no verbs%!(EXTRA int=1, string=a) <b>&'")~"},
          {R"~({{ .time.Format "2006-01-02 15:04:05 MST" }} {{ .time.Format "Mon Jan _2 3:04PM 06" }} {{ .time.Unix }} {{ .time.UTC }} {{ .time.Format "Monday, January 2" }})~",
           "2023-11-14 22:13:20 UTC Tue Nov 14 10:13PM 23 1700000000 2023-11-14 22:13:20.5 +0000 UTC Tuesday, November "
           "14"},
          {R"~({{ .time.Format "2006-01-02T15:04:05.000Z07:00" }} {{ .time.Format "15h04m05.999" }} {{ .time.Format "002 __2 -0700 Z0700 1 01 pm" }} {{ .time.Format "Month Janus Mo" }})~",
           "2023-11-14T22:13:20.500Z 22h13m20.5 318 318 +0000 Z 11 11 pm Month Janus Mo"},
          {"{{ .d.Seconds }} {{ .d.Minutes }} {{ .d.String }} {{ (.time.Add .d).Unix }} {{ (.time.Sub .time) }} {{ "
           ".time.IsZero }}",
           "90.5 1.5083333333333333 1m30.5s 1700000091 0s false"},
          {R"~({{ .obj.Name }} {{ .obj.Count }} {{ printf "%s" .obj.Name }})~", "n 3 n"},
          {R"~({{ .s | len }} {{ .kv | len | printf "%03d" }} {{ 3 | add2 4 }} {{ half 3 }} {{ half .f }} {{ joinAll }} {{ joinAll "a" "b" }} {{ "z" | joinAll "a" }})~",
           "3 002 7 1.5 0.75  a+b a+z"},
          {"{{ toUp .kv.a }} {{ toUp .kv.none }} {{ .kv.a | toUp }}", "1  1"},
          {"{{ add2 1.0 1 }}", "2"},
          {"{{ 1 | }}", "1"},
          {R"~({{ printf "%d" .i | printf "%s %s" "x" }})~", "x 42"},
          {R"~({{ (index .m "x").y }})~", "<no value>"},
          {"{{ $v := .m.x }}{{ $v.y }}", "<no value>"},
          {"{{ print nil }}", "<nil>"},
          {"{{ and .t (eq .i 42) | not }}", "false"},
          {R"~({{ true | and 1 }} {{ "" | or 0 }})~", "true "},
          {R"~({{ printf "%v" (slice .l 1) }} {{ range $i, $e := slice .l 1 }}{{ $i }}{{ $e }}{{ end }})~",
           "[2 3] 0213"},
          {"{{\n.s\n}}", "str"},
          {"{{ .s\n | toUp\n }}", "STR"},
          {"{{ range .l }}\n{{ . }}\n{{- end }}\n", "\n1\n2\n3\n"},
          {"{{- 3 -}} x", "3x"},
          {"{{3}}", "3"},
          {"{{-3}}", "-3"},
          {"{{ 3 -}}\n y", "3y"},
          {"a {{- /* c */}} b", "a b"},
          {"{{ .s -}}", "str"},
          {"{{ .s|toUp }}", "STR"},
          {R"~({{.s|printf "%s"|len}})~", "3"},
          {R"~({{"x"}}{{'x'}})~", "x120"},
          {"}} {{ .s }} }}", "}} str }}"},
          {"{ { .s } }", "{ { .s } }"},
          {"é {{ .kv.é }} ü", "é  ü"},
          {R"~({{ printf "%é" 1 }})~", "%!é(int=1)"},
          {R"~({{ printf "%-10s|" "é" }})~", "é         |"},
      }) {
    SCOPED_TRACE(test.text);
    EXPECT_EQ(Expand(test.text), test.want);
  }
}

TEST(Template, MistakesFoundByParsing) {
  for (const Case& test : std::vector<Case>{
           {"{{ nope }}", R"~(template: t:1: function "nope" not defined)~"},
           {"{{ $q.x }}", R"~(template: t:1: undefined variable "$q")~"},
           {R"~({{ "x" | 5 }})~", "template: t:1: non executable command in pipeline stage 2"},
           {"{{ nil.foo }}", R"~(template: t:1: unexpected . after term "nil")~"},
           {"{{ break }}", "template: t:1: {{break}} outside {{range}}"},
           {"{{ continue }}", "template: t:1: {{continue}} outside {{range}}"},
           {R"~({{ range .l }}{{ define "x" }}{{ end }}{{ end }})~", "template: t:1: unexpected <define> in command"},
           {"{{ if }}x{{ end }}", "template: t:1: missing value for if"},
           {"{{ if .s }}", "template: t:1: unexpected EOF"},
           {"{{ if .s }}x{{ else }}y{{ else }}z{{ end }}", "template: t:1: expected end; found {{else}}"},
           {"{{ end }}", "template: t:1: unexpected {{end}}"},
           {"{{ else }}", "template: t:1: unexpected {{else}}"},
           {"{{ else if .s }}", "template: t:1: unexpected {{else}}"},
           {"{{ range }}{{ end }}", "template: t:1: missing value for range"},
           {"{{ define }}{{ end }}", R"~(template: t:1: unexpected "}}" in define clause)~"},
           {R"~({{ define "a" }})~", "template: t:1: unexpected EOF"},
           {R"~({{ define "a" }}x{{ end }}{{ define "a" }}y{{ end }})~",
            R"~(template: t:1: template: multiple definition of template "a")~"},
           {"{{ define a }}{{ end }}", R"~(template: t:1: unexpected "a" in define clause)~"},
           {"{{ template }}", R"~(template: t:1: unexpected "}}" in template clause)~"},
           {"{{ template foo }}", R"~(template: t:1: unexpected "foo" in template clause)~"},
           {R"~({{ block "x" }}{{ end }})~", "template: t:1: missing value for block clause"},
           {"{{ with }}{{ end }}", "template: t:1: missing value for with"},
           {"{{ .s", "template: t:1: unclosed action"},
           {"{{ .s }", R"~(template: t:1: unexpected "}" in operand)~"},
           {R"~({{ "abc }})~", "template: t:1: unterminated quoted string"},
           {"{{ `abc }}", "template: t:1: unterminated raw quoted string"},
           {"{{ 'a }}", "template: t:1: unterminated character constant"},
           {"{{ 'ab' }}", "template: t:1: malformed character constant: 'ab'"},
           {R"~({{ "\z" }})~", "template: t:1: invalid syntax"},
           {"{{ (1 }}", "template: t:1: unclosed left paren"},
           {"{{ 1) }}", "template: t:1: unexpected right paren"},
           {"{{ () }}", "template: t:1: missing value for parenthesized pipeline"},
           {"{{ }}", "template: t:1: missing value for command"},
           {"{{}}", "template: t:1: missing value for command"},
           {"{{ | }}", R"~(template: t:1: unexpected "|" in command)~"},
           {"{{ | 1 }}", R"~(template: t:1: unexpected "|" in command)~"},
           {"{{ .s | | toUp }}", R"~(template: t:1: unexpected "|" in command)~"},
           {"{{ 1..2 }}", R"~(template: t:1: unexpected ".2" in operand)~"},
           {"{{ 1x }}", R"~(template: t:1: bad number syntax: "1x")~"},
           {"{{ 99999999999999999999 }}", R"~(template: t:1: integer overflow: "99999999999999999999")~"},
           {"{{ 0x }}", R"~(template: t:1: illegal number syntax: "0x")~"},
           {"{{ 08 }}", R"~(template: t:1: integer overflow: "08")~"},
           {"{{ 1e }}", R"~(template: t:1: illegal number syntax: "1e")~"},
           {"{{ .s! }}", "template: t:1: bad character U+0021 '!'"},
           {"{{ .s ! }}", R"~(template: t:1: unexpected "!" in operand)~"},
           {"{{ # }}", R"~(template: t:1: unexpected "#" in command)~"},
           {"{{ $x }}", R"~(template: t:1: undefined variable "$x")~"},
           {"{{ $x := }}", "template: t:1: missing value for command"},
           {"{{ $x, $y := .l }}", "template: t:1: too many declarations in command"},
           {"{{ range $x, 5 := .l }}{{ end }}", "template: t:1: range can only initialize variables"},
           {"{{ range $x, $y, $z := .l }}{{ end }}", "template: t:1: too many declarations in range"},
           {R"~({{ "a".b }})~", R"~(template: t:1: unexpected . after term "\"a\"")~"},
           {"{{ 1.b }}", R"~(template: t:1: bad number syntax: "1.b")~"},
           {"{{ true.b }}", R"~(template: t:1: unexpected . after term "true")~"},
           {"{{ ..s }}", R"~(template: t:1: unexpected . after term ".")~"},
           {"{{ .s.}}", "template: t:1: unexpected <.> in operand"},
           {"{{/* unclosed", "template: t:1: unclosed comment"},
           {"{{/* c */ x }}", "template: t:1: comment ends before closing delimiter"},
           {"{{ x y z }}", R"~(template: t:1: function "x" not defined)~"},
           {"{{ if .s }}{{ $v := 1 }}{{ end }}{{ $v }}", R"~(template: t:1: undefined variable "$v")~"},
           {"{{ a:b }}", R"~(template: t:1: function "a" not defined)~"},
           {"{{ .s = 1 }}", R"~(template: t:1: unexpected "=" in operand)~"},
           {"{{ := 1 }}", R"~(template: t:1: unexpected ":=" in command)~"},
           {"{{ abcdefghijklmnop }}", R"~(template: t:1: function "abcdefghijklmnop" not defined)~"},
           {R"~({{ .s "abcdefghijklmnopq" ) }})~", "template: t:1: unexpected right paren"},
           {"{{ .s, }}", R"~(template: t:1: unexpected "," in operand)~"},
           {"{{ with .s }}{{ else if .i }}{{ end }}", "template: t:1: unexpected <if> in input"},
           {"{{ if .s }}{{ else with .i }}x{{ end }}{{ end }}", "template: t:1: unexpected <with> in input"},
           {"a\n\n  {{ nope }}", R"~(template: t:3: function "nope" not defined)~"},
           {"a\n{{ .s\n | nope }}", R"~(template: t:3: function "nope" not defined)~"},
           {"{{ .s\n", "template: t:2: unclosed action started at t:1"},
           {"x\n{{ \"a\n\" }}", "template: t:2: unterminated quoted string"},
           {"{{- }}", "template: t:1: missing value for command"},
           {"{{ - }}", R"~(template: t:1: illegal number syntax: "-")~"},
           {"{{{ .s }}}", R"~(template: t:1: unexpected "{" in command)~"},
       }) {
    SCOPED_TRACE(test.text);
    EXPECT_EQ(Expand(test.text), "PARSE " + test.want);
  }
}

TEST(Template, MistakesFoundByExecuting) {
  for (
      const Case& test : std::vector<Case>{
          {R"~({{ and 1 0 }} {{ and 1 2 }} {{ or 0 "" }} {{ or 0 2 }} {{ and }})~",
           R"~(template: t:1:58: executing "t" at <and>: wrong number of args for and: want at least 1 got 0)~"},
          {"{{ .m.x.y }}", R"~(template: t:1:5: executing "t" at <.m.x.y>: nil pointer evaluating interface {}.y)~"},
          {"{{ $y = 1 }}", R"~(template: t:1:8: executing "t" at <1>: undefined variable: $y)~"},
          {"{{ eq 1 1.5 }}",
           R"~(template: t:1:3: executing "t" at <eq 1 1.5>: error calling eq: incompatible types for comparison: int and float64)~"},
          {R"~({{ lt "a" 1 }})~",
           R"~(template: t:1:3: executing "t" at <lt "a" 1>: error calling lt: incompatible types for comparison: string and int)~"},
          {"{{ lt .l .l }}",
           R"~(template: t:1:3: executing "t" at <lt .l .l>: error calling lt: invalid type for comparison)~"},
          {"{{ lt true false }}",
           R"~(template: t:1:3: executing "t" at <lt true false>: error calling lt: invalid type for comparison)~"},
          {"{{ lt nil 1 }}",
           R"~(template: t:1:3: executing "t" at <lt nil 1>: error calling lt: invalid type for comparison)~"},
          {"{{ index .l 5 }}",
           R"~(template: t:1:3: executing "t" at <index .l 5>: error calling index: index out of range: 5)~"},
          {"{{ index .l 3 }}",
           R"~(template: t:1:3: executing "t" at <index .l 3>: error calling index: reflect: slice index out of range)~"},
          {R"~({{ index .l "a" }})~",
           R"~(template: t:1:3: executing "t" at <index .l "a">: error calling index: cannot index slice/array with type string)~"},
          {"{{ index .l -1 }}",
           R"~(template: t:1:3: executing "t" at <index .l -1>: error calling index: index out of range: -1)~"},
          {"{{ index .kv 1 }}",
           R"~(template: t:1:3: executing "t" at <index .kv 1>: error calling index: value has type int; should be string)~"},
          {"{{ index .i 1 }}",
           R"~(template: t:1:3: executing "t" at <index .i 1>: error calling index: can't index item of type int)~"},
          {"{{ index .nil 1 }}",
           R"~(template: t:1:3: executing "t" at <index .nil 1>: error calling index: index of untyped nil)~"},
          {"{{ index .l nil }}",
           R"~(template: t:1:3: executing "t" at <index .l nil>: error calling index: cannot index slice/array with nil)~"},
          {R"~({{ slice "abc" 2 1 }})~",
           R"~(template: t:1:3: executing "t" at <slice "abc" 2 1>: error calling slice: invalid slice index: 2 > 1)~"},
          {R"~({{ slice "abc" 1 9 }})~",
           R"~(template: t:1:3: executing "t" at <slice "abc" 1 9>: error calling slice: index out of range: 9)~"},
          {"{{ slice .i 1 }}",
           R"~(template: t:1:3: executing "t" at <slice .i 1>: error calling slice: can't slice item of type int)~"},
          {R"~({{ slice "abc" 0 1 2 }})~",
           R"~(template: t:1:3: executing "t" at <slice "abc" 0 1 2>: error calling slice: cannot 3-index slice a string)~"},
          {"{{ len 3 }}", R"~(template: t:1:3: executing "t" at <len 3>: error calling len: len of type int)~"},
          {"{{ len .nil }}",
           R"~(template: t:1:3: executing "t" at <len .nil>: error calling len: len of nil pointer)~"},
          {R"~({{ template "zz" }})~",
           R"~(template: t:1:12: executing "t" at <{{template "zz"}}>: template "zz" not defined)~"},
          {R"~({{ template "zz" .s }})~",
           R"~(template: t:1:12: executing "t" at <{{template "zz" .s}}>: template "zz" not defined)~"},
          {"{{ range $i, $e := 3 }}{{ end }}",
           R"~(template: t:1:19: executing "t" at <3>: can't use 3 to iterate over more than one variable)~"},
          {"{{ range .s }}{{ end }}", R"~(template: t:1:9: executing "t" at <.s>: range can't iterate over str)~"},
          {"{{ range .f }}{{ end }}", R"~(template: t:1:9: executing "t" at <.f>: range can't iterate over 1.5)~"},
          {"{{ 1 2 }}", R"~(template: t:1:3: executing "t" at <1>: can't give argument to non-function 1)~"},
          {"{{ .s 1 }}", R"~(template: t:1:3: executing "t" at <.s>: s is not a method but has arguments)~"},
          {"{{ .kv.a 1 }}", R"~(template: t:1:6: executing "t" at <.kv.a>: a is not a method but has arguments)~"},
          {"{{ (1) 2 }}", R"~(template: t:1:3: executing "t" at <(1) 2>: can't give argument to non-function 1)~"},
          {"{{ . 1 }}", R"~(template: t:1:3: executing "t" at <.>: can't give argument to non-function .)~"},
          {"{{ $ 1 }}", R"~(template: t:1:3: executing "t" at <$>: can't give argument to non-function $)~"},
          {"{{ nil }}", R"~(template: t:1:3: executing "t" at <nil>: nil is not a command)~"},
          {"{{ not }}", R"~(template: t:1:3: executing "t" at <not>: wrong number of args for not: want 1 got 0)~"},
          {"{{ not 1 2 }}", R"~(template: t:1:3: executing "t" at <not>: wrong number of args for not: want 1 got 2)~"},
          {"{{ eq 1 }}",
           R"~(template: t:1:3: executing "t" at <eq 1>: error calling eq: missing argument for comparison)~"},
          {"{{ eq }}",
           R"~(template: t:1:3: executing "t" at <eq>: wrong number of args for eq: want at least 1 got 0)~"},
          {"{{ toUp 1 }}", R"~(template: t:1:8: executing "t" at <1>: expected string; found 1)~"},
          {"{{ toUp }}", R"~(template: t:1:3: executing "t" at <toUp>: wrong number of args for toUp: want 1 got 0)~"},
          {R"~({{ toUp "a" "b" }})~",
           R"~(template: t:1:3: executing "t" at <toUp>: wrong number of args for toUp: want 1 got 2)~"},
          {"{{ 1 | toUp }}",
           R"~(template: t:1:7: executing "t" at <toUp>: wrong type for value; expected string; got int)~"},
          {"{{ toUp .f }}",
           R"~(template: t:1:8: executing "t" at <.f>: wrong type for value; expected string; got float64)~"},
          {"{{ .f | toUp }}",
           R"~(template: t:1:8: executing "t" at <toUp>: wrong type for value; expected string; got float64)~"},
          {"{{ toUp nil }}", R"~(template: t:1:8: executing "t" at <nil>: cannot assign nil to string)~"},
          {"{{ add2 1.5 1 }}", R"~(template: t:1:8: executing "t" at <1.5>: expected integer; found 1.5)~"},
          {R"~({{ add2 "a" 1 }})~", R"~(template: t:1:8: executing "t" at <"a">: expected integer; found "a")~"},
          {R"~({{ half "x" }})~", R"~(template: t:1:8: executing "t" at <"x">: expected float; found "x")~"},
          {"{{ half .i }}",
           R"~(template: t:1:8: executing "t" at <.i>: wrong type for value; expected float64; got int)~"},
          {"{{ fail }}", R"~(template: t:1:3: executing "t" at <fail>: error calling fail: oh no)~"},
          {"{{ fail | toUp }}", R"~(template: t:1:3: executing "t" at <fail>: error calling fail: oh no)~"},
          {"{{ toUp (fail) }}", R"~(template: t:1:9: executing "t" at <fail>: error calling fail: oh no)~"},
          {R"~({{ printf "%s" (fail) }})~",
           R"~(template: t:1:16: executing "t" at <fail>: error calling fail: oh no)~"},
          {"{{ printf }}",
           R"~(template: t:1:3: executing "t" at <printf>: wrong number of args for printf: want at least 1 got 0)~"},
          {"{{ printf 1 }}", R"~(template: t:1:10: executing "t" at <1>: expected string; found 1)~"},
          {"{{ .time.Format }}",
           R"~(template: t:1:8: executing "t" at <.time.Format>: wrong number of args for Format: want 1 got 0)~"},
          {"{{ .obj.Name 1 }}",
           R"~(template: t:1:7: executing "t" at <.obj.Name>: Name has arguments but cannot be invoked as function)~"},
          {R"~({{ joinAll "a" 1 }})~", R"~(template: t:1:15: executing "t" at <1>: expected string; found 1)~"},
          {"{{ $x := 1 | toUp }}",
           R"~(template: t:1:13: executing "t" at <toUp>: wrong type for value; expected string; got int)~"},
          {"{{ .Missing.Field }}",
           R"~(template: t:1:11: executing "t" at <.Missing.Field>: nil pointer evaluating interface {}.Field)~"},
          {"{{ define \"T\" }}\n{{ .x.y.z }}{{ end }}\n{{ template \"T\" .m }}",
           R"~(template: t:2:5: executing "T" at <.x.y.z>: nil pointer evaluating interface {}.y)~"},
      }) {
    SCOPED_TRACE(test.text);
    EXPECT_EQ(Expand(test.text), "RUN " + test.want);
  }
}

// Go's own message depends on the static type that the map's values have there; ours names the value's.
TEST(Template, AFieldOfAPlainValue) {
  EXPECT_EQ(Expand("{{ .s.foo }}"),
            "RUN template: t:1:5: executing \"t\" at <.s.foo>: can't evaluate field foo in type string");
  EXPECT_EQ(Expand("a\n é{{ .time.Nope }}"),
            "RUN template: t:2:11: executing \"t\" at <.time.Nope>: can't evaluate field Nope in type time.Time");
  EXPECT_EQ(Expand("{{ .obj.nope }}"),
            "RUN template: t:1:7: executing \"t\" at <.obj.nope>: can't evaluate field nope in type main.Obj");
}

TEST(Template, PrintfVerbs) {
  const auto cases = nlohmann::json::parse(test::ReadFile(test::ProjectFile("tests/base/testdata/printf_verbs.json")));
  EXPECT_GT(cases.size(), 700U);
  for (const auto& test : cases) {
    SCOPED_TRACE(test[0].get<std::string>());
    EXPECT_EQ(Expand(test[0]), test[1].get<std::string>());
  }
}

TEST(Template, GivenVariables) {
  EXPECT_EQ(Expand("{{ $labels.job }}/{{ $value | printf \"%.1f\" }}/{{ $labels }}", {.variables = {"labels", "value"}},
                   {{"labels", TemplateValue::TextMap(Labels{{"job", "api"}, {"zone", "a"}})}, {"value", 2.25}}),
            "api/2.2/map[job:api zone:a]");
  EXPECT_EQ(Expand("\n{{ $lables.job }}", {.variables = {"labels"}}),
            "PARSE template: t:2: undefined variable \"$lables\"");
}

TEST(Template, MethodsOfCallersTypes) {
  static const TemplateType pairs{"template.KV",
                                  {{"Names",
                                    {0,
                                     [](const TemplateValue& self, Values) -> Result<TemplateValue> {
                                       std::vector<std::string> names;
                                       for (const auto& [name, value] : self.map()) names.push_back(name);
                                       return TemplateValue::Texts(std::move(names));
                                     }}},
                                   {"Without", {1, [](const TemplateValue& self, Values v) -> Result<TemplateValue> {
                                                  if (v[0].kind() != TemplateValue::Kind::text)
                                                    return Invalid("a name is wanted");
                                                  TemplateMap rest = self.map();
                                                  rest.erase(v[0].text());
                                                  return TemplateValue::TextMap(std::move(rest), self.type());
                                                }}}}};
  const auto root =
      TemplateValue::Map({{"Labels", TemplateValue::TextMap(TemplateMap{{"a", "1"}, {"b", "2"}}, &pairs)}});
  for (const Case& test : {Case{"{{ .Labels.Names }} {{ .Labels.a }}", "[a b] 1"},
                           {"{{ (.Labels.Without \"a\").Names }} {{ \"b\" | .Labels.Without }}", "[b] map[a:1]"},
                           {"{{ range .Labels.Names }}{{ . }};{{ end }}", "a;b;"},
                           {"{{ .Labels.Without }}",
                            "template: m:1:10: executing \"m\" at <.Labels.Without>: wrong number "
                            "of args for Without: want 1 got 0"},
                           {"{{ .Labels.Without 1 }}",
                            "template: m:1:10: executing \"m\" at <.Labels.Without>: error "
                            "calling Without: a name is wanted"}}) {
    SCOPED_TRACE(test.text);
    const auto parsed = Template::Parse("m", test.text, {});
    ASSERT_TRUE(parsed) << parsed.error().message;
    const auto result = parsed->Execute(root);
    EXPECT_EQ(result ? *result : result.error().message, test.want);
  }
}

TEST(Template, LibrariesOfDefinitions) {
  const auto library =
      Template::Parse("a.tmpl", "{{ define \"x\" }}old{{ end }}{{ define \"y\" }}y{{ .s }}{{ end }}", Functions());
  ASSERT_TRUE(library);
  const auto more = library->With("b.tmpl", "{{ define \"x\" }}new{{ end }}{{ define \"y\" }} {{ end }}");
  ASSERT_TRUE(more);
  const auto text = more->With("", "{{ template \"x\" }} {{ template \"y\" . }}");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text->Execute(Data()), "new ystr") << "an empty definition replaces none";
  EXPECT_EQ(*library->ExecuteNamed("x", {}), "old");
  EXPECT_EQ(library->ExecuteNamed("z", {}).error().message,
            "template: no template \"z\" associated with template \"a.tmpl\"");
  EXPECT_EQ(more->defined(), (std::set<std::string>{"a.tmpl", "b.tmpl", "x", "y"}));
  const auto broken = more->With("c", "{{ define \"bad\" }}\n{{ .i.x }}{{ end }}");
  EXPECT_EQ(broken->ExecuteNamed("bad", Data()).error().message,
            "template: c:2:5: executing \"bad\" at <.i.x>: can't evaluate field x in type int");
}

TEST(Template, OtherFunctionsOfTheSameNames) {
  const auto said = [](std::string what) {
    return TemplateFunctions{{"say", {{}, false, [what](Values) -> Result<TemplateValue> { return what; }}}};
  };
  const auto parsed = Template::Parse("t", "{{ say }}", said("one"));
  EXPECT_EQ(*parsed->Bind(said("two")).Execute({}), "two");
  EXPECT_EQ(*parsed->Execute({}), "one");
}

TEST(Template, HtmlIsEscaped) {
  struct HtmlCase {
    std::string text;
    std::string want;
  };
  const TemplateOptions html{.escape_html = true};
  for (const HtmlCase& test : {HtmlCase{"<p>{{ .html }}</p>", "<p>&lt;b&gt;&amp;&#39;&#34;</p>"},
                               {"{{ \"1+1\" }} {{ .i }}", "1&#43;1 42"},
                               {"<a href=\"{{ \"https://x/?a=1&b=2\" }}\">", "<a href=\"https://x/?a=1&amp;b=2\">"},
                               {"<a href=\"{{ \"javascript:alert(1)\" }}\">", "<a href=\"#ZgotmplZ\">"},
                               {"<a HREF = '{{ \" data:x\" }}'>", "<a HREF = '#ZgotmplZ'>"},
                               {"<a href=\"{{ \"/path:x\" }}\" title=\"{{ \"javascript:x\" }}\">",
                                "<a href=\"/path:x\" title=\"javascript:x\">"}}) {
    SCOPED_TRACE(test.text);
    EXPECT_EQ(Expand(test.text, html), test.want);
  }
}

TEST(Template, HostileTextsEndWithAnError) {
  std::string deep_parentheses = "{{ " + std::string(150, '(') + "1" + std::string(150, ')') + " }}";
  std::string deep_blocks;
  for (int i = 0; i < 150; ++i) deep_blocks += "{{ if true }}";
  for (int i = 0; i < 150; ++i) deep_blocks += "{{ end }}";
  struct Hostile {
    std::string name;
    std::string text;
    std::string want_end;
  };
  for (const Hostile& test : {
           Hostile{"recursion", "{{ define \"r\" }}{{ template \"r\" }}{{ end }}{{ template \"r\" }}",
                   "exceeded maximum template depth (500)"},
           {"endless", "{{ range 1000000000 }}{{ end }}", "the template takes more than 1000000 steps"},
           {"large output", "{{ range 100000 }}0123456789abcdef{{ end }}", "the text is larger than 1048576 bytes"},
           {"doubling", "{{ $x := \"ab\" }}{{ range 40 }}{{ $x = print $x $x }}{{ end }}",
            "error calling print: the text is larger than 4194304 bytes"},
           {"wide", "{{ $x := \"\" }}{{ range 10 }}{{ $x = printf \"%999999d%s\" 1 $x }}{{ end }}",
            "error calling printf: the text is larger than 4194304 bytes"},
           {"deep parentheses", deep_parentheses, "max expression depth exceeded"},
           {"deep blocks", deep_blocks, "max nesting depth exceeded"},
       }) {
    SCOPED_TRACE(test.name);
    const std::string got = Expand(test.text);
    EXPECT_TRUE(got.ends_with(test.want_end)) << got.substr(0, 300);
  }
}

}  // namespace
}  // namespace base
