#include "ingest/scrape_manager.h"

#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <atomic>
#include <condition_variable>
#include <set>

#include "tests/ingest/recording_store.h"
#include "tests/support/support.h"

namespace ingest {
namespace {

using Lines = std::vector<std::string>;

// Stands still until it is moved; who sleeps, sleeps until then.
class ManualClock : public base::Clock {
 public:
  base::Timestamp Now() const override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  bool SleepUntil(base::Timestamp deadline, std::stop_token stop) const override {
    std::unique_lock lock(mutex_);
    const auto sleeper = sleepers_.insert(deadline);
    const bool reached = moved_.wait(lock, stop, [&] { return now_ >= deadline; });
    sleepers_.erase(sleeper);
    return reached;
  }
  // Whether somebody sleeps, and all who do sleep beyond now: what was due has been begun.
  bool Idle() const {
    const std::scoped_lock lock(mutex_);
    return !sleepers_.empty() && *sleepers_.begin() > now_;
  }
  void Advance(base::Duration by) {
    const std::scoped_lock lock(mutex_);
    now_ += by;
    moved_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any moved_;
  mutable std::multiset<base::Timestamp> sleepers_;           // guarded by mutex_
  base::Timestamp now_{std::chrono::seconds(1'700'000'000)};  // guarded by mutex_
};

// Answers from a table of pages by URL, at once or when told to.
class FakeHttpClient : public base::HttpClient {
 public:
  void StartSend(base::HttpClientRequest request, Done done) override {
    {
      const std::scoped_lock lock(mutex_);
      requests.push_back(request);
      if (request.url == held_url) {
        held_.push_back(std::move(done));
        return;
      }
    }
    done(Answer(request.url));
  }
  base::Result<base::HttpClientResponse> Send(base::HttpClientRequest request, std::stop_token) override {
    return Answer(request.url);
  }
  base::Result<void> SendMail(base::MailAttempt, std::stop_token) override { return base::Unavailable("no mail"); }

  base::Result<base::HttpClientResponse> Answer(const std::string& url) {
    const std::scoped_lock lock(mutex_);
    const auto page = pages.find(url);
    if (page == pages.end()) return base::HttpClientResponse{404, {}, "gone"};
    const bool json = page->second.starts_with('[');
    return base::HttpClientResponse{
        200, {{"Content-Type", json ? "application/json; charset=utf-8" : "text/plain; version=0.0.4"}}, page->second};
  }
  size_t Requests(std::string_view url = {}) {
    const std::scoped_lock lock(mutex_);
    return static_cast<size_t>(std::ranges::count_if(
        requests, [&](const base::HttpClientRequest& request) { return url.empty() || request.url == url; }));
  }
  void SetPage(const std::string& url, const std::string& body) {
    const std::scoped_lock lock(mutex_);
    pages[url] = body;
  }
  void Release() {
    std::vector<Done> held;
    std::string url;
    {
      const std::scoped_lock lock(mutex_);
      held.swap(held_);
      url = std::exchange(held_url, "");
    }
    for (const Done& done : held) done(Answer(url));
  }

  std::map<std::string, std::string> pages;
  std::vector<base::HttpClientRequest> requests;
  std::string held_url;  // requests of it are answered at Release

 private:
  std::mutex mutex_;
  std::vector<Done> held_;
};

ScrapeConfig Job(const std::string& name, std::vector<std::string> targets) {
  ScrapeConfig config;
  config.job_name = name;
  config.scrape_interval = std::chrono::seconds(10);
  config.scrape_timeout = std::chrono::seconds(5);
  config.static_configs = {{.targets = std::move(targets), .labels = {}}};
  return config;
}

class ScrapeManagerTest : public testing::Test {
 protected:
  TargetStatus Only() {
    const auto targets = manager_->Targets();
    return targets.size() == 1 ? targets[0] : TargetStatus{};
  }
  // Moves time on, in steps, until the condition holds; what the threads do then is done without time passing.
  bool Pass(base::Duration span, const std::function<bool()>& condition) {
    for (base::Duration passed{0}; passed < span; passed += std::chrono::milliseconds(500)) {
      if (test::WaitFor(condition, std::chrono::milliseconds(5))) return true;
      if (!test::WaitFor([&] { return clock_.Idle(); })) return false;
      clock_.Advance(std::chrono::milliseconds(500));
    }
    return test::WaitFor(condition);
  }
  double CounterValue(const std::string& name) {
    for (const prometheus::MetricFamily& family : registry_.Collect()) {
      if (family.name == name) return family.metric.at(0).counter.value;
    }
    return -1;
  }
  void Collect() {
    for (std::string& line : store_.Take()) written_.push_back(std::move(line));
  }
  bool Wrote(const std::string& beginning) {
    Collect();
    return std::ranges::any_of(written_, [&](const std::string& line) { return line.starts_with(beginning); });
  }

  ManualClock clock_;
  FakeHttpClient client_;
  RecordingStore store_;
  prometheus::Registry registry_;
  Lines written_;
  std::unique_ptr<ScrapeManager> manager_ = std::make_unique<ScrapeManager>(store_, clock_, client_, &registry_);
};

TEST_F(ScrapeManagerTest, ScrapesWithPrometheusHeaders) {
  ScrapeConfig config = Job("web", {"h:1"});
  config.http.authorization = base::HttpAuthorization{"Bearer", {"secret", ""}};
  config.params = {{"p", {"1 2"}}};
  client_.SetPage("http://h:1/metrics?p=1+2", "a 1\n");
  manager_->Reload({config}, {});
  EXPECT_EQ(Only().health, TargetHealth::unknown);
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return Only().health == TargetHealth::up; }));
  EXPECT_TRUE(Wrote(R"(a{instance="h:1", job="web"} 1 @)"));
  const base::HttpClientRequest& request = client_.requests.front();
  EXPECT_EQ(request.headers.Get("Accept"),
            "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
            "text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
  EXPECT_EQ(request.headers.Get("X-Prometheus-Scrape-Timeout-Seconds"), "5");
  EXPECT_EQ(request.headers.Get("Authorization"), "Bearer secret");
  EXPECT_TRUE(request.accept_gzip);
  EXPECT_EQ(request.timeout, std::chrono::seconds(5));
  const TargetStatus status = Only();
  EXPECT_EQ(status.scrape_pool, "web");
  EXPECT_EQ(status.labels.ToString(), R"({instance="h:1", job="web"})");
  EXPECT_EQ(status.last_error, "");
  EXPECT_TRUE(status.last_scrape.has_value());
}

TEST_F(ScrapeManagerTest, ScrapesAtItsOffsetInEveryInterval) {
  client_.SetPage("http://h:1/metrics", "a 1\n");
  manager_->Reload({Job("web", {"h:1"})}, {});
  std::set<base::Timestamp> times;
  ASSERT_TRUE(Pass(std::chrono::seconds(200), [&] {
    if (const auto last = Only().last_scrape) times.insert(*last);
    return times.size() == 3;
  }));
  // the first one did not wait for its slot
  const base::Duration apart = *std::next(times.begin(), 2) - *std::next(times.begin());
  EXPECT_EQ(apart.count() % 10'000 <= 500 || apart.count() % 10'000 >= 9'500, true) << apart.count();
}

std::vector<std::string> Ports(int count) {
  std::vector<std::string> targets;
  for (int port = 1; port <= count; ++port) targets.push_back("h:" + std::to_string(port));
  return targets;
}

TEST_F(ScrapeManagerTest, ScrapesNewTargetsAtOnceAndThenInTheirSlots) {
  ScrapeConfig config = Job("web", Ports(20));
  config.scrape_interval = std::chrono::minutes(10);
  const base::Timestamp start = clock_.Now();
  manager_->Reload({config}, {});
  const auto scraped = [&] {
    return std::ranges::count_if(manager_->Targets(),
                                 [](const TargetStatus& one) { return one.last_scrape.has_value(); });
  };
  // who has its slot within a second waits for it
  ASSERT_TRUE(test::WaitFor([&] { return scraped() >= 19; }));
  for (const TargetStatus& one : manager_->Targets()) EXPECT_EQ(one.last_scrape.value_or(start), start);
  const size_t first = client_.Requests();
  clock_.Advance(std::chrono::minutes(10));
  ASSERT_TRUE(test::WaitFor([&] { return client_.Requests() == first + 20; }));
  manager_->Reload({config}, {});  // nobody is new
  clock_.Advance(std::chrono::milliseconds(1));
  EXPECT_EQ(client_.Requests(), first + 20);
}

TEST_F(ScrapeManagerTest, BoundsTheScrapesThatDoNotWaitForTheirSlots) {
  manager_ =
      std::make_unique<ScrapeManager>(store_, clock_, client_, nullptr, ScrapeManagerOptions{.first_scrapes = 1});
  client_.held_url = "http://h:1/metrics";
  manager_->Reload({Job("a", {"h:1"})}, {});
  ASSERT_TRUE(test::WaitFor([&] { return client_.Requests("http://h:1/metrics") == 1; }));
  ScrapeConfig config = Job("b", Ports(20));
  config.scrape_interval = std::chrono::minutes(10);
  manager_->Reload({Job("a", {"h:1"}), config}, {});
  EXPECT_EQ(client_.Requests(), 1);
  client_.Release();
  ASSERT_TRUE(test::WaitFor([&] { return client_.Requests() >= 20; }));
}

TEST_F(ScrapeManagerTest, ReportsFailures) {
  manager_->Reload({Job("web", {"gone:1"})}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return Only().health == TargetHealth::down; }));
  EXPECT_EQ(Only().last_error, "server returned HTTP status 404 Not Found");
  EXPECT_TRUE(Wrote(R"(up{instance="gone:1", job="web"} 0 @)"));
}

TEST_F(ScrapeManagerTest, KeepsUnchangedTargetsOnReloadAndEndsThoseThatGo) {
  client_.SetPage("http://h:1/metrics", "a 1\n");
  client_.SetPage("http://h:2/metrics", "b 1\n");
  manager_->Reload({Job("web", {"h:1", "h:2"})}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] {
    const auto targets = manager_->Targets();
    return targets.size() == 2 && targets[0].health == TargetHealth::up && targets[1].health == TargetHealth::up;
  }));
  manager_->Reload({Job("web", {"h:1"})}, {});
  EXPECT_EQ(Only().health, TargetHealth::up);  // known from before
  ASSERT_TRUE(test::WaitFor([&] { return Wrote(R"(up{instance="h:2", job="web"} stale @)"); }));
  EXPECT_TRUE(Wrote(R"(b{instance="h:2", job="web"} stale @)"));
  EXPECT_FALSE(Wrote(R"(a{instance="h:1", job="web"} stale @)"));
  manager_->Reload({}, {});
  EXPECT_TRUE(test::WaitFor([&] { return Wrote(R"(a{instance="h:1", job="web"} stale @)"); }));
  EXPECT_TRUE(manager_->Targets().empty());
}

TEST_F(ScrapeManagerTest, NewSettingsGoOnWithTheOldSeries) {
  client_.SetPage("http://h:1/metrics", "a 1\nb 1\n");
  ScrapeConfig config = Job("web", {"h:1"});
  manager_->Reload({config}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return Only().health == TargetHealth::up; }));
  config.metric_relabel_configs.resize(1);
  config.metric_relabel_configs[0].source_labels = {"__name__"};
  config.metric_relabel_configs[0].regex = RelabelRegex::Make("b").value();
  config.metric_relabel_configs[0].action = RelabelAction::drop;
  manager_->Reload({config}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(21), [&] { return Wrote(R"(b{instance="h:1", job="web"} stale @)"); }));
  EXPECT_FALSE(Wrote(R"(a{instance="h:1", job="web"} stale @)"));
}

TEST_F(ScrapeManagerTest, TheFirstRoundEndsOnceWithTheLastTarget) {
  std::atomic<int> ended = 0;
  const auto make = [&] {
    ended = 0;
    manager_ = nullptr;
    manager_ = std::make_unique<ScrapeManager>(store_, clock_, client_, nullptr,
                                               ScrapeManagerOptions{.on_first_round = [&] { ++ended; }});
  };
  make();
  manager_->Reload({}, {});
  EXPECT_EQ(ended, 1) << "there is nothing to scrape";
  make();
  client_.SetPage("http://h:1/metrics", "a 1\n");
  manager_->Reload({Job("web", {"h:1", "gone:1"})}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(21), [&] { return ended == 1; }));
  for (const TargetStatus& target : manager_->Targets()) EXPECT_NE(target.health, TargetHealth::unknown);
  manager_->Reload({Job("web", {"h:1", "gone:1"})}, {});
  EXPECT_EQ(ended, 1);
}

TEST_F(ScrapeManagerTest, InProcessTargetsAreAskedByCall) {
  ScrapeConfig config = Job("tocsin", {});
  std::atomic<int> calls = 0;
  const auto fetch = [&](base::Duration timeout) -> base::Result<FetchedPage> {
    if (++calls > 1) return base::Unavailable("the exporter is busy");
    return FetchedPage{"text/plain; version=0.0.4",
                       "timeout_seconds " + base::FormatFloat(base::ToSeconds(timeout)) + "\n"};
  };
  manager_->Reload({}, {{.config = config, .address = "self", .fetch = fetch}});
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return Only().health == TargetHealth::up; }));
  EXPECT_TRUE(Wrote(R"(timeout_seconds{instance="self", job="tocsin"} 5 @)"));
  ASSERT_TRUE(Pass(std::chrono::seconds(21), [&] { return Only().health == TargetHealth::down; }));
  EXPECT_EQ(Only().last_error, "the exporter is busy");
  EXPECT_EQ(client_.Requests(), 0);
}

TEST_F(ScrapeManagerTest, AScrapeThatOurOwnStopCutsOffStoresNothing) {
  std::atomic<int> calls = 0;
  const auto fetch = [&](base::Duration) -> base::Result<FetchedPage> {
    if (++calls > 1) return base::Fail(base::ErrorCode::cancelled, "shutting down");
    return FetchedPage{"text/plain; version=0.0.4", "a 1\n"};
  };
  manager_->Reload({}, {{.config = Job("tocsin", {}), .address = "self", .fetch = fetch}});
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return Only().health == TargetHealth::up; }));
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return calls == 2; }));
  manager_.reset();
  EXPECT_TRUE(Wrote(R"(a{instance="self", job="tocsin"} 1 @)"));
  const auto said = [&](const std::string& series) {
    return std::ranges::count_if(written_, [&](const std::string& line) { return line.starts_with(series); });
  };
  EXPECT_EQ(said("a{"), 1);
  EXPECT_EQ(said("up{"), 1);
}

TEST_F(ScrapeManagerTest, OneScrapeOfATargetAtATime) {
  client_.SetPage("http://h:1/metrics", "a 1\n");
  client_.held_url = "http://h:1/metrics";
  client_.SetPage("http://h:2/metrics", "a 1\n");
  manager_->Reload({Job("web", {"h:1", "h:2"})}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(200), [&] { return client_.Requests("http://h:2/metrics") == 3; }));
  EXPECT_EQ(client_.Requests("http://h:1/metrics"), 1);
  client_.Release();
  EXPECT_TRUE(Pass(std::chrono::seconds(21), [&] { return client_.Requests("http://h:1/metrics") == 2; }));
}

TEST_F(ScrapeManagerTest, StopsWhileScrapesAreUnderWay) {
  client_.SetPage("http://h:1/metrics", "a 1\n");
  client_.held_url = "http://h:1/metrics";
  manager_->Reload({Job("web", {"h:1"})}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return client_.Requests() == 1; }));
  manager_.reset();
  client_.Release();  // the answer finds nobody
  EXPECT_EQ(store_.Take(), Lines{});
}

TEST_F(ScrapeManagerTest, TooManyTargetsFailAll) {
  ScrapeConfig config = Job("web", {"h:1", "h:2"});
  config.limits.targets = 1;
  manager_->Reload({config}, {});
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] {
    const auto targets = manager_->Targets();
    return targets[0].health == TargetHealth::down && targets[1].health == TargetHealth::down;
  }));
  EXPECT_EQ(manager_->Targets()[0].last_error, "target_limit exceeded (number of targets: 2, limit: 1)");
  EXPECT_EQ(client_.Requests(), 0);
}

TEST_F(ScrapeManagerTest, FollowsDiscoveredFiles) {
  const test::TemporaryDirectory folder;
  const std::string path = folder.Write("a.yml", "- targets: [h:1]\n  labels: {env: prod}\n");
  ScrapeConfig config = Job("files", {});
  config.file_sd_configs = {{.files = {(folder.path() / "*.yml").string()}}};
  manager_->Reload({config}, {});
  EXPECT_EQ(Only().labels.ToString(), R"({env="prod", instance="h:1", job="files"})");
  EXPECT_EQ(Only().discovered.Get("__meta_filepath"), path);
  folder.Write("b.yml", "- targets: [h:2]\n");
  EXPECT_TRUE(Pass(std::chrono::seconds(11), [&] { return manager_->Targets().size() == 2; }));
  folder.Write("a.yml", "- targets: [h:1, h:3]\n  labels: {env: [}\n");  // broken: what was known stays
  folder.Write("b.yml", "- targets: [h:2, h:4]\n");
  EXPECT_TRUE(Pass(std::chrono::seconds(11), [&] { return manager_->Targets().size() == 3; }));
  std::filesystem::remove(path);
  EXPECT_TRUE(Pass(std::chrono::seconds(11), [&] { return manager_->Targets().size() == 2; }));
}

TEST_F(ScrapeManagerTest, FollowsHttpDiscovery) {
  ScrapeConfig config = Job("web", {"h:1"});
  config.http_sd_configs = {{.url = "http://sd/", .refresh_interval = std::chrono::seconds(30), .http = {}}};
  client_.SetPage("http://sd/", R"([{"targets": ["h:2", "http://h:3/"], "labels": {"env": "prod"}}])");
  config.relabel_configs.resize(1);  // a URL is no address; this makes it one
  config.relabel_configs[0].source_labels = {"__address__"};
  config.relabel_configs[0].regex = RelabelRegex::Make("http://(.*)/").value();
  config.relabel_configs[0].target_label = "__address__";
  manager_->Reload({config}, {});
  EXPECT_EQ(manager_->Targets().size(), 1);
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return manager_->Targets().size() == 3; }));
  EXPECT_EQ(manager_->Targets()[1].labels.ToString(), R"({env="prod", instance="h:2", job="web"})");
  EXPECT_EQ(manager_->Targets()[1].discovered.Get("__meta_url"), "http://sd/");
  EXPECT_EQ(manager_->Targets()[2].scrape_url, "http://h:3/metrics");
  client_.SetPage("http://sd/", "no list");  // what was known stays
  EXPECT_TRUE(Pass(std::chrono::seconds(60), [&] { return CounterValue("prometheus_sd_http_failures_total") > 0; }));
  EXPECT_EQ(manager_->Targets().size(), 3);
  manager_->Reload({config}, {});
  EXPECT_EQ(manager_->Targets().size(), 3);
  client_.SetPage("http://sd/", "[]");
  EXPECT_TRUE(Pass(std::chrono::seconds(60), [&] { return manager_->Targets().size() == 1; }));
}

TEST_F(ScrapeManagerTest, ShowsDroppedTargetsMetadataAndPools) {
  ScrapeConfig config = Job("web", {"h:1", "h:2"});
  config.relabel_configs.resize(1);
  config.relabel_configs[0].source_labels = {"__address__"};
  config.relabel_configs[0].regex = RelabelRegex::Make("h:2").value();
  config.relabel_configs[0].action = RelabelAction::drop;
  client_.SetPage("http://h:1/metrics", "# TYPE a gauge\na 1\n");
  manager_->Reload({config}, {});
  ASSERT_EQ(manager_->DroppedTargets().size(), 1);
  EXPECT_EQ(manager_->DroppedTargets()[0].discovered.Get("__address__"), "h:2");
  EXPECT_EQ(manager_->ScrapePools(), (std::vector<std::string>{"web"}));
  ASSERT_TRUE(Pass(std::chrono::seconds(11), [&] { return Only().health == TargetHealth::up; }));
  ASSERT_EQ(manager_->Metadata().size(), 1);
  EXPECT_EQ(manager_->Metadata()[0].metadata, (std::vector<MetricMetadata>{{"a", MetricType::gauge, "", ""}}));
}

}  // namespace
}  // namespace ingest
