#include "remote/series_labels.h"

#include <gtest/gtest.h>

namespace remote {
namespace {

std::vector<ingest::RelabelConfig> Steps(std::string_view yaml) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(yaml, "t.yml", errors);
  std::vector<ingest::RelabelConfig> steps;
  base::ReadYaml(base::YamlReader(node, "", errors), steps);
  EXPECT_EQ(errors.ToString(), "");
  return steps;
}

TEST(SeriesLabels, AsTheReceiverSeesThem) {
  struct Case {
    const char* name;
    base::Labels external;
    std::string_view steps;
    std::string want;  // "" for dropped
  };
  const Case cases[] = {
      {"as they are", {}, "[]", R"(a{job="x"})"},
      {"external labels", {{"site", "demo"}}, "[]", R"(a{job="x", site="demo"})"},
      {"a series' own wins", {{"job", "other"}, {"site", "demo"}}, "[]", R"(a{job="x", site="demo"})"},
      {"relabelling sees external ones",
       {{"site", "demo"}},
       "[{source_labels: [site], target_label: where}]",
       R"(a{job="x", site="demo", where="demo"})"},
      {"dropped", {}, "[{source_labels: [__name__], regex: a, action: drop}]", ""},
      {"kept", {}, "[{source_labels: [__name__], regex: a, action: keep}]", R"(a{job="x"})"},
      {"no label left", {}, "[{regex: '.*', action: labeldrop}]", ""},
  };
  const store::MemSeries series(static_cast<store::SeriesRef>(7), base::Labels{{"__name__", "a"}, {"job", "x"}});
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    SeriesLabels labels(c.external, Steps(c.steps));
    const base::Labels* const made = labels.Of(series);
    EXPECT_EQ(made == nullptr ? "" : made->ToString(), c.want);
    EXPECT_EQ(labels.Of(series), made);
  }
}

TEST(SeriesLabels, ForgetsWhatIsNoLongerAskedFor) {
  SeriesLabels labels({{"site", "demo"}}, {});
  const store::MemSeries first(static_cast<store::SeriesRef>(1), base::Labels{{"__name__", "a"}});
  const store::MemSeries second(static_cast<store::SeriesRef>(2), base::Labels{{"__name__", "b"}});
  const base::Labels* const made = labels.Of(first);
  labels.Of(second);
  base::Timestamp now(std::chrono::hours(1));
  labels.Forget(now);
  labels.Forget(now += std::chrono::minutes(9));
  EXPECT_EQ(labels.size(), 2U);
  labels.Forget(now += std::chrono::minutes(1));
  EXPECT_EQ(labels.size(), 2U);
  EXPECT_EQ(labels.Of(first), made);  // in the same place
  labels.Forget(now += std::chrono::minutes(10));
  EXPECT_EQ(labels.size(), 1U);
  EXPECT_EQ(labels.Of(first), made);
}

}  // namespace
}  // namespace remote
