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

TEST(RelabellingSink, ChangesTheLabelSetsThatChooseReceivers) {
  base::YamlErrors errors;
  const base::YamlNode node = base::ParseYaml(R"(
- {source_labels: [severity], regex: info, action: drop}
- {source_labels: [team], regex: (.+), target_label: owner}
)",
                                              "f.yml", errors);
  std::vector<ingest::RelabelConfig> steps;
  ASSERT_TRUE(base::ReadYaml(base::YamlReader(node, "", errors), steps)) << errors.ToString();
  const auto recorder = std::make_shared<test::RecordingSink>();
  RelabellingSink sink(steps, recorder);
  const auto send = [&](std::vector<base::Labels> route_as) {
    base::Alert alert{};
    alert.labels = base::Labels{{"alertname", "SourceLost"}};
    alert.route_as = std::move(route_as);
    sink.Send(std::span(&alert, 1));
    return recorder->Take();
  };
  const base::Labels info = {{"alertname", "A"}, {"severity", "info"}};
  const auto kept = send({{}, {{"alertname", "A"}, {"team", "risk"}}, info});
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept.front().route_as,
            (std::vector<base::Labels>{{}, {{"alertname", "A"}, {"owner", "risk"}, {"team", "risk"}}}));
  EXPECT_EQ(send({info}).size(), 0U) << "without a label set its own labels would choose";
}

}  // namespace
}  // namespace app
