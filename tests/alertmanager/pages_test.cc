#include "alertmanager/pages/pages.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include "alertmanager/pages/notifications_page.h"
#include "tests/alertmanager/world.h"
#include "tests/support/support.h"

namespace alertmanager {
namespace {

std::string BodyOf(const std::string& page) {
  const size_t begin = page.find("</h1>\n") + 6;
  return page.substr(begin, page.find("<p class=\"quiet\">As of ") - begin);
}

class NotificationsTest : public ::testing::Test {
 protected:
  std::string Page() {
    const base::Endpoint page = PageEndpoints(dispatcher_, {.link_path = "/p"}).front();
    EXPECT_EQ(page.path, "/");
    EXPECT_TRUE(page.for_browsers);
    return BodyOf(page.handle({}).body);
  }

  test::FakeClock clock_{At(0)};
  FakeTransport transport_;
  prometheus::Registry registry_;
  Metrics metrics_{registry_};
  Dispatcher dispatcher_{std::make_shared<const Config>(Parse(R"(
route: {receiver: "ops <a>", group_by: [alertname], routes: [{matchers: [team=a], receiver: team-a}]}
receivers: [{name: "ops <a>"}, {name: team-a, webhook_configs: [{url: http://x}]}]
inhibit_rules: [{source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [alertname]}]
)")),
                         {.clock = clock_, .client = transport_, .metrics = metrics_}};
};

TEST_F(NotificationsTest, AlertsByReceiverAndGroup) {
  base::Alert critical = MakeAlert(base::Labels({{"alertname", "T"}, {"severity", "critical"}}),
                                   base::Labels({{"summary", "<b>"}, {"runbook_url", "https://r.example/1"}}));
  critical.generator_url = "http://g.example/graph?a&b";
  base::Alert warning = MakeAlert(base::Labels({{"alertname", "T"}, {"severity", "warning"}}),
                                  base::Labels({{"runbook_url", "javascript:alert(1)"}}));
  warning.generator_url = "data:text/html,x";
  dispatcher_.Send(std::vector<base::Alert>{critical, warning});
  clock_.Advance(std::chrono::seconds(90));
  EXPECT_EQ(Page(),
            "<div id=\"/alerts\">\n"
            "<section id=\"/alerts?receiver=ops+%3Ca%3E\">\n"
            "<h2>Receiver ops &lt;a&gt;</h2>\n"
            "<article class=\"card firing\">\n"
            "<h3>Group <code>{alertname=&#34;T&#34;}</code></h3>\n"
            "<div class=\"table\"><table class=\"stack\">\n"
            "<thead><tr><th>State</th><th>Alert</th><th>Since</th></tr></thead>\n"
            "<tbody>\n"
            "<tr><td><strong class=\"state active\">active</strong></td><td>&lt;b&gt;<br>\n"
            "<code>{alertname=&#34;T&#34;, severity=&#34;critical&#34;}</code><br>\n"
            "<a href=\"https://r.example/1\" rel=\"noreferrer\">Runbook</a> · "
            "<a href=\"http://g.example/graph?a&amp;b\" rel=\"noreferrer\">Source</a></td>"
            "<td data-label=\"Since\"><span class=\"time\">2026-11-21 00:00:00 UTC</span> (1m 30s ago)</td></tr>\n"
            "<tr><td><strong class=\"state suppressed\">suppressed</strong></td>"
            "<td><code>{alertname=&#34;T&#34;, severity=&#34;warning&#34;}</code></td>"
            "<td data-label=\"Since\"><span class=\"time\">2026-11-21 00:00:00 UTC</span> (1m 30s ago)</td></tr>\n"
            "</tbody></table></div>\n"
            "</article>\n"
            "</section>\n"
            "<section id=\"/alerts?receiver=team-a\">\n"
            "<h2>Receiver team-a</h2>\n"
            "<p class=\"quiet\">No alerts.</p>\n"
            "</section>\n"
            "</div>\n"
            "<section>\n"
            "<h2>Last notifications</h2>\n"
            "<p class=\"quiet\">None since the start.</p>\n"
            "</section>\n"
            "<section id=\"/silences\">\n"
            "<h2>Silences</h2>\n"
            "<p class=\"quiet\">Silences are not supported yet.</p>\n"
            "</section>\n");
}

TEST(NotificationsPage, LastNotificationsNewestFirst) {
  NotificationsPage page{.frame = {.link_path = ""}, .now = At(100)};
  for (int i = 0; i < 30; ++i) {
    DeliveryRecord record;
    record.time = At(i);
    record.integration.receiver = "r" + std::to_string(i);
    record.integration.kind = "slack";
    record.group_labels = base::Labels({{"alertname", "A"}});
    record.firing = 2;
    record.resolved = 1;
    record.delivered = i % 2 == 0;
    if (!record.delivered) record.error = "POST <x>: 500";
    page.deliveries.push_back(std::move(record));
  }
  const std::string body = BodyOf(RenderNotificationsPage(page));
  EXPECT_NE(body.find("<tbody>\n"
                      "<tr><td class=\"time\">2026-11-21 00:00:29 UTC</td><td>r29 (slack)</td>"
                      "<td><code>{alertname=&#34;A&#34;}</code></td><td>2 firing, 1 resolved</td>"
                      "<td><strong class=\"state failed\">failed</strong><br>\nPOST &lt;x&gt;: 500</td></tr>\n"
                      "<tr><td class=\"time\">2026-11-21 00:00:28 UTC</td><td>r28 (slack)</td>"
                      "<td><code>{alertname=&#34;A&#34;}</code></td><td>2 firing, 1 resolved</td>"
                      "<td><strong class=\"state other\">delivered</strong></td></tr>\n"),
            std::string::npos)
      << body;
  EXPECT_EQ(body.find("r9 (slack)"), std::string::npos) << "twenty are enough";
}

TEST(NotificationsPage, LargeReceiversAreCutWithASentence) {
  NotificationsPage page{.frame = {.link_path = "/p"}, .now = At(100), .receivers = {"ops"}};
  StoredAlert stored;
  stored.alert = MakeAlert({{"a", "b"}});
  AlertStatus status;
  status.alert = std::make_shared<const StoredAlert>(stored);
  GroupStatus group;
  group.receiver = "ops";
  group.alerts = {status};
  page.groups.resize(300, group);
  page.groups.front().alerts.resize(10'000, status);
  const std::string body = BodyOf(RenderNotificationsPage(page));
  EXPECT_NE(body.find("The group has 10000 alerts; the first 100 are shown."), std::string::npos);
  EXPECT_NE(body.find("The receiver has 300 groups of alerts; 200 are shown. GET /p/api/v2/alerts/groups returns all"),
            std::string::npos);
}

}  // namespace
}  // namespace alertmanager
