#include "app/relabelling_sink.h"

#include <gtest/gtest.h>

#include "tests/support/support.h"

namespace app {
namespace {

TEST(RelabellingSink, ChangesAndDrops) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(R"(
- {regex: replica, action: labeldrop}
- {source_labels: [severity], regex: info, action: drop}
- {source_labels: [team], regex: (.+), target_label: owner, replacement: "$1@x"}
)",
                                              "f.yml", errors);
  std::vector<ingest::RelabelConfig> steps;
  ASSERT_TRUE(base::ReadYaml(base::YamlReader(node, "", errors), steps)) << errors.ToString();
  const auto recorder = std::make_shared<test::RecordingSink>();
  RelabellingSink sink(steps, recorder);
  const auto send = [&](base::Labels labels) {
    const base::Alert alert{.labels = std::move(labels),
                            .annotations = base::Labels{{"summary", "s"}},
                            .starts_at = {},
                            .ends_at = {},
                            .generator_url = "u"};
    sink.Send(std::span(&alert, 1));
    std::string text;
    for (const base::Alert& one : recorder->Take()) text += one.labels.ToString() + one.annotations.ToString();
    return text;
  };
  EXPECT_EQ(send({{"alertname", "A"}, {"replica", "1"}, {"team", "risk"}}),
            R"({alertname="A", owner="risk@x", team="risk"}{summary="s"})");
  EXPECT_EQ(send({{"alertname", "A"}, {"severity", "info"}}), "");
  EXPECT_EQ(send({{"replica", "1"}}), "") << "an alert without labels is none";
}

}  // namespace
}  // namespace app
