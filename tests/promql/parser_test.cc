#include "promql/parser.h"

#include <gtest/gtest.h>

namespace {

constexpr promql::ParseOptions kEverything{
    .experimental_functions = true, .extended_range_selectors = true, .binop_fill_modifiers = true};

TEST(Parser, PrintsCanonically) {
  struct Case {
    const char* text;
    const char* printed;
  };
  const Case kCases[] = {
      {"1", "1"},
      {"0x1f", "31"},
      {"010", "8"},
      {"08", "8"},
      {"1_000.5", "1000.5"},
      {"1e3", "1000"},
      {"-Inf", "-Inf"},
      {"nan", "NaN"},
      {"5m", "5m"},
      {"-1d2h", "-1d2h"},
      {"'it\\'s \\u00e4'", "\"it's \xc3\xa4\""},
      {"`raw\\n`", "\"raw\\\\n\""},
      {"up", "up"},
      {"up{}", "up"},
      {"{__name__='up'}", "{__name__=\"up\"}"},
      {"{\"a.b\", \"l.x\"='y'}", "{\"l.x\"=\"y\",__name__=\"a.b\"}"},
      {"a{z='1',b!='2',c=~'3',d!~'4',}", "a{b!=\"2\",c=~\"3\",d!~\"4\",z=\"1\"}"},
      {"job:rate:5m", "job:rate:5m"},
      {"sum", "sum"},
      {"and{by='1'}", "and{by=\"1\"}"},
      {"fill + fill", "fill + fill"},
      {"a OFFSET 5M", nullptr},
      {"a OFFSET 5m", "a offset 5m"},
      {"a offset -5m", "a offset -5m"},
      {"a offset 300", "a offset 5m"},
      {"a offset 5m @ 10", "a @ 10.000 offset 5m"},
      {"a @ -1.5", "a @ -1.500"},
      {"a[5m] @ start()", "a[5m] @ start()"},
      {"a[5m:] @ end() offset 1h", "a[5m:] @ end() offset 1h"},
      {"a[1h:1m]", "a[1h:1m]"},
      {"a[5m*2]", "a[5m * 2]"},
      {"a[(1m + 2m) * 3]", "a[(1m + 2m) * 3]"},
      {"a[max_of(step(), 5m):-min_of(1,-2)]", "a[max_of(step(), 5m):-min_of(1, -2)]"},
      {"a offset -step() * 2", "a offset -step() * 2"},
      {"a offset (1m + range())", "a offset (1m + range())"},
      {"a[5m] anchored", "a[5m] anchored"},
      {"a smoothed", "a smoothed"},
      {"-a", "-a"},
      {"+a", "+a"},
      {"-1 ^ 2", "-1 ^ 2"},
      {"2 ^ 3 ^ 2", "2 ^ 3 ^ 2"},
      {"1 + 2 * 3 == bool 4 or vector(1)", nullptr},
      {"a + on (x, y) group_left (z) b", "a + on (x, y) group_left (z) b"},
      {"a * ignoring(x) b", "a * ignoring (x) b"},
      {"a / ignoring() b", "a / b"},
      {"a > bool b", "a > bool b"},
      {"a and on() b unless c", "a and on () b unless c"},
      {"a - fill(0) b", "a - fill (0) b"},
      {"a - fill_right(1) fill_left(-2) b", "a - fill_left (-2) fill_right (1) b"},
      {"h </ 1", "h </ 1"},
      {"h >/ 1", "h >/ 1"},
      {"a atan2 b", "a atan2 b"},
      {"SUM BY (a, \"b.c\") (x)", "sum by (a, \"b.c\") (x)"},
      {"sum(x) without (a,)", "sum without (a) (x)"},
      {"sum without () (x)", "sum without () (x)"},
      {"topk(5, x)", "topk(5, x)"},
      {"count_values(\"v\", x)", "count_values(\"v\", x)"},
      {"rate(x[5m])", "rate(x[5m])"},
      {"time()", "time()"},
      {"label_join(x, 'd', ',', 'a', 'b')", "label_join(x, \"d\", \",\", \"a\", \"b\")"},
      {"info(x, {a=~'.*'})", "info(x, {a=~\".*\"})"},
      {"# a remark\nup # another\n", "up"},
      {"limitk(2, x)", "limitk(2, x)"},
      {"Inf ^ +a", "Inf ^ +a"},
      {"+Inf * Inf", "+Inf * +Inf"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    const auto tree = promql::Parse(test.text, kEverything);
    if (test.printed == nullptr) {
      EXPECT_FALSE(tree);
      continue;
    }
    ASSERT_TRUE(tree) << promql::ErrorText(tree.error());
    EXPECT_EQ(promql::ToString(**tree), test.printed);
    const auto again = promql::Parse(test.printed, kEverything);
    ASSERT_TRUE(again) << promql::ErrorText(again.error());
    EXPECT_EQ(promql::ToString(**again), test.printed);
  }
}

// What stands where in the tree, with parentheses around every operation.
std::string Shape(const promql::Expr& expr) {
  if (const auto* binary = promql::As<promql::Binary>(expr)) {
    return "(" + Shape(*binary->left) + std::string(ToString(binary->op)) + Shape(*binary->right) + ")";
  }
  if (const auto* unary = promql::As<promql::Unary>(expr)) return "(-" + Shape(*unary->expr) + ")";
  return promql::ToString(expr);
}

TEST(Parser, BindsAsPrometheusDoes) {
  struct Case {
    const char* text;
    const char* shape;
  };
  const Case kCases[] = {
      {"a + b * c", "(a+(b*c))"},
      {"a * b + c", "((a*b)+c)"},
      {"a - b - c", "((a-b)-c)"},
      {"a ^ b ^ c", "(a^(b^c))"},
      {"-a ^ b", "(-(a^b))"},
      {"-a * b", "((-a)*b)"},
      {"a ^ -b * c", "((a^(-b))*c)"},
      {"a or b and c", "(aor(bandc))"},
      {"a unless b and c", "((aunlessb)andc)"},
      {"a == b > c", "((a==b)>c)"},
      {"a + b > c - d", "((a+b)>(c-d))"},
      {"a atan2 b % c", "((aatan2b)%c)"},
      {"-a[5m:1m]", nullptr},
      {"a offset 5m + b", "(a offset 5m+b)"},
      {"-a offset 5m", "(-a offset 5m)"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    const auto tree = promql::Parse(test.text, kEverything);
    if (test.shape == nullptr) {
      EXPECT_FALSE(tree);
      continue;
    }
    ASSERT_TRUE(tree) << promql::ErrorText(tree.error());
    EXPECT_EQ(Shape(**tree), test.shape);
  }
}

TEST(Parser, SaysWhatIsWrongAndWhere) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case kCases[] = {
      {"", "1:1: parse error: no expression found in input"},
      {"1 +", "1:4: parse error: unexpected end of input"},
      {"1 + \n  )", "2:4: parse error: unexpected right parenthesis ')'"},
      {"a[5m:1m:1m]", "1:8: parse error: unexpected colon ':'"},
      {"a[:1m]", "1:4: parse error: unexpected colon before duration in duration expression"},
      {"a !", "1:3: parse error: unexpected character after '!': '\xEF\xBF\xBD'"},
      {"(1", "1:3: parse error: unclosed left parenthesis"},
      {"a b", "1:3: parse error: unexpected identifier \"b\""},
      {"sum(a b)", "1:7: parse error: unexpected identifier \"b\" in aggregation"},
      {"a{b}", "1:4: parse error: unexpected \"}\" in label matching, expected label matching operator"},
      {"a{b=1}", "1:5: parse error: unexpected character inside braces: '1'"},
      {"a{b=c}", "1:5: parse error: unexpected identifier \"c\" in label matching, expected string"},
      {"a{b='1' c='2'}", "1:9: parse error: unexpected identifier \"c\" in label matching, expected \",\" or \"}\""},
      {"a{b=~'('}", "1:3: parse error: error parsing regexp: missing closing ): `(`"},
      {"{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"{a=~'.*'}", "1:1: parse error: vector selector must contain at least one non-empty matcher"},
      {"a{__name__='b'}", "1:1: parse error: metric name must not be set twice: \"a\" or \"b\""},
      {"a[5m", "1:5: parse error: unclosed left bracket"},
      {"a[]",
       "1:3: parse error: unexpected \"]\" in subquery or range selector, expected number, duration, step(), or "
       "range()"},
      {"a[0]", "1:3: parse error: duration must be greater than 0"},
      {"a[5m] offset",
       "1:13: parse error: unexpected end of input in offset, expected number, duration, step(), or "
       "range()"},
      {"(a)[5m]", "1:4: parse error: ranges only allowed for vector selectors"},
      {"a offset 1m [5m]", "1:13: parse error: no offset modifiers allowed before range"},
      {"a @ 5 [5m]", "1:7: parse error: no @ modifiers allowed before range"},
      {"a offset 1m offset 2m", "1:1: parse error: offset may not be set multiple times"},
      {"a @ 1 @ 2", "1:1: parse error: @ <timestamp> may not be set multiple times"},
      {"a @ inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"},
      {"a @ b", "1:5: parse error: unexpected identifier \"b\" in @, expected timestamp"},
      {"1 offset 1m",
       "1:1: parse error: offset modifier must be preceded by an instant vector selector or range "
       "vector selector or a subquery"},
      {"1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"},
      {"a + bool b", "1:3: parse error: bool modifier can only be used on comparison operators"},
      {"1 and 2", "1:1: parse error: set operator \"and\" not allowed in binary scalar expression"},
      {"a and on(x) group_left(y) b", "1:1: parse error: no grouping allowed for \"and\" operation"},
      {"a + on(x) group_left(x) b", "1:3: parse error: label \"x\" must not occur in ON and GROUP clause at once"},
      {"1 + on(x) a", "1:1: parse error: vector matching only allowed between instant vectors"},
      {"a[5m] + 1", "1:1: parse error: binary expression must contain only scalar and instant vector types"},
      {"sum by b (a)", "1:8: parse error: unexpected identifier \"b\" in grouping opts, expected \"(\""},
      {"sum()", "1:1: parse error: no arguments for aggregate expression provided"},
      {"sum(a, b)", "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 1, got 2"},
      {"sum(1)", "1:5: parse error: expected type instant vector in aggregation expression, got scalar"},
      {"topk(a, b)", "1:6: parse error: expected type scalar in aggregation parameter, got instant vector"},
      {"rate(a)", "1:6: parse error: expected type range vector in call to function \"rate\", got instant vector"},
      {"rate()", "1:1: parse error: expected 1 argument(s) in call to \"rate\", got 0"},
      {"round()", "1:1: parse error: expected at least 1 argument(s) in call to \"round\", got 0"},
      {"round(a, 1, 2)", "1:1: parse error: expected at most 2 argument(s) in call to \"round\", got 3"},
      {"abs(a,)", "1:6: parse error: trailing commas not allowed in function call args"},
      {"nope(a)", "1:1: parse error: unknown function with name \"nope\""},
      {"-a[5m]",
       "1:1: parse error: unary expression only allowed on expressions of type scalar or instant vector, got "
       "\"range vector\""},
      {"a[5m][5m:]", "1:1: parse error: subquery is only allowed on instant vector, got matrix instead"},
      {"'abc", "1:1: parse error: unterminated quoted string"},
      {"1e400", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e400\": value out of range"},
      {"5mm", "1:1: parse error: bad number or duration syntax: \"5mm\""},
      {"a $ b", "1:3: parse error: unexpected character: '$'"},
      {"a ! b", "1:3: parse error: unexpected character after '!': ' '"},
      {"a[1m/0]", "1:5: parse error: division by zero"},
      // after a comma
      {"clamp_min(a,,1)", "1:12: parse error: trailing commas not allowed in function call args"},
      {"max(a, )", "1:6: parse error: trailing commas not allowed in function call args"},
      {"max(a,", "1:7: parse error: unclosed left parenthesis"},
      {"a * on (b) group_right", "1:23: parse error: unexpected end of input in grouping opts, expected \"(\""},
      {"a * on (b) group_right )", "1:25: parse error: unexpected right parenthesis ')'"},
      {"a{!~'b'}", "1:3: parse error: unexpected <op:!~> in label matching, expected identifier or \"}\""},
      // between brackets, before and behind the first number
      {"a[ [5m]", "1:4: parse error: unexpected character in duration expression: '['"},
      {"a[{5m}]", "1:3: parse error: unexpected character in duration expression: '{'"},
      {"a[#", "1:3: parse error: unexpected character in duration expression: '#'"},
      {"a[5m[", "1:5: parse error: unexpected left bracket '['"},
      {"a[5m{", "1:5: parse error: unexpected \"{\" in subquery or range, expected \":\" or \"]\""},
      {"a[5m}", "1:5: parse error: unexpected character: '}'"},
      {"a[5m 'b']", "1:6: parse error: unexpected string \"'b'\" in subquery or range, expected \":\" or \"]\""},
      {"a[5m by 1m]", "1:6: parse error: unexpected character: 'b', expected ':'"},
      {"a[5m:1m by 1m]", "1:9: parse error: unexpected character: 'b', expected ':'"},
      {"a[5m # one", "1:11: parse error: unclosed left bracket"},
      {"a[(5m", "1:6: parse error: unclosed left parenthesis"},
      // what only looks like a number
      {"1.25.5", "1:1: parse error: bad number or duration syntax: \"1.25.\""},
      {"0.25.5", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"0.25.5\": invalid syntax"},
      {"0x.8", "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"0x.8\": invalid syntax"},
      {"0xbe", "1:1: parse error: bad number or duration syntax: \"0xbe\""},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    const auto tree = promql::Parse(test.text, kEverything);
    ASSERT_FALSE(tree);
    EXPECT_EQ(promql::ErrorText(tree.error()), test.error);
  }
}

TEST(Parser, KeepsExperimentsOffUnlessAsked) {
  struct Case {
    const char* text;
    const char* error;
  };
  const Case kCases[] = {
      {"mad_over_time(a[5m])", "1:1: parse error: function \"mad_over_time\" is not enabled"},
      {"limitk(1, a)",
       "1:1: parse error: limitk() is experimental and must be enabled with "
       "--enable-feature=promql-experimental-functions"},
      {"a[5m] anchored", "1:1: parse error: anchored modifier is experimental and not enabled"},
      {"a + fill(1) b", "1:1: parse error: binop fill modifiers are experimental and not enabled"},
  };
  for (const Case& test : kCases) {
    SCOPED_TRACE(test.text);
    const auto tree = promql::Parse(test.text);
    ASSERT_FALSE(tree);
    EXPECT_EQ(promql::ErrorText(tree.error()), test.error);
    EXPECT_TRUE(promql::Parse(test.text, kEverything));
  }
}

TEST(Parser, ReadsSelectorsAlone) {
  const auto matchers = promql::ParseSelector("up{job=~\"a|b\"}");
  ASSERT_TRUE(matchers);
  ASSERT_EQ(matchers->size(), 2U);
  EXPECT_EQ((*matchers)[0].ToString(), "job=~\"a|b\"");
  EXPECT_EQ((*matchers)[1].ToString(), "__name__=\"up\"");
  EXPECT_FALSE(promql::ParseSelector("up[5m]"));
  EXPECT_FALSE(promql::ParseSelector("sum(up)"));
  EXPECT_TRUE(promql::ParseSelector("{}"));
}

TEST(Parser, KnowsPlaces) {
  const auto tree = promql::Parse("sum(\n  rate(a[5m]))");
  ASSERT_TRUE(tree);
  const auto* sum = promql::As<promql::Aggregate>(**tree);
  ASSERT_NE(sum, nullptr);
  EXPECT_EQ(sum->expr->range.line, 2U);
  EXPECT_EQ(sum->expr->range.column, 3U);
  EXPECT_EQ(sum->expr->range.begin, 7U);
  EXPECT_EQ(sum->expr->range.end, 18U);
}

TEST(Parser, RewritesACopy) {
  const auto tree = promql::Parse("a + rate(b[5m])");
  ASSERT_TRUE(tree);
  const promql::ExprPtr changed = promql::Rewrite(**tree, [](promql::Expr& expr) {
    if (auto* selector = std::get_if<promql::VectorSelector>(&expr.node)) {
      selector->modifiers.offset.fixed = std::chrono::minutes(1);
    }
  });
  EXPECT_EQ(promql::ToString(*changed), "a offset 1m + rate(b[5m])");
  EXPECT_EQ(promql::ToString(**tree), "a + rate(b[5m])");
}

}  // namespace
