#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/net/http_client.h"
#include "base/text.h"
#include "ingest/exposition_parser.h"
#include "ingest/scrape_manager.h"
#include "tests/ingest/recording_store.h"
#include "tests/support/process.h"

// A real Prometheus shows the same metrics as text and as protobuf: both are read and compared. The program is the one
// that TOCSIN_PROMETHEUS names, else `prometheus` of PATH.

namespace ingest {
namespace {

constexpr std::string_view kProtobuf =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

std::optional<std::string> FindPrometheus() {
  if (const char* named = std::getenv("TOCSIN_PROMETHEUS"); named != nullptr && *named != '\0') return named;
  const char* const path = std::getenv("PATH");
  for (const std::string_view folder : base::Split(path == nullptr ? "" : path, ':')) {
    std::string program = std::string(folder) + "/prometheus";
    if (access(program.c_str(), X_OK) == 0) return program;
  }
  return std::nullopt;
}

struct Page {
  std::map<base::Labels, double> numbers;
  std::map<base::Labels, store::HistogramPtr> histograms;
};

// Bounds are written as protobuf pages have them.
base::Labels Normal(std::span<const base::Label> labels) {
  base::LabelsBuilder made;
  for (const base::Label& label : labels) {
    const bool bound = label.name == "le" || label.name == "quantile";
    made.Set(label.name, bound ? FormatBound(base::ParseFloat(label.value).value()) : std::string(label.value));
  }
  return made.Build();
}

Page Read(const std::string& body, ParserOptions options) {
  Page page;
  const auto parser = NewParser(body, options);
  Entry entry;
  for (;;) {
    const auto more = parser->Next(entry);
    EXPECT_TRUE(more) << more.error().ToString();
    if (!more || !*more) return page;
    if (entry.kind != EntryKind::sample) continue;
    const base::Labels labels = Normal(parser->labels());
    if (entry.histogram) {
      EXPECT_TRUE(page.histograms.emplace(labels, entry.histogram).second) << labels.ToString();
    } else {
      EXPECT_TRUE(page.numbers.emplace(labels, entry.value).second) << labels.ToString();
    }
  }
}

class PrometheusPeer : public testing::Test {
 protected:
  void SetUp() override {
    const auto program = FindPrometheus();
    if (!program) GTEST_SKIP() << "neither TOCSIN_PROMETHEUS nor a prometheus in PATH";
    const std::string address = "127.0.0.1:" + std::to_string(test::FreePort());
    url_ = "http://" + address;
    prometheus_ = std::make_unique<test::ChildProcess>(std::vector<std::string>{
        *program, "--config.file=" + folder_.Write("prometheus.yml", "global: {}\n"),
        "--storage.tsdb.path=" + (folder_.path() / "data").string(), "--web.listen-address=" + address});
    ASSERT_TRUE(test::WaitFor([this] { return Get("/-/ready", "*/*").status == 200; })) << prometheus_->Output();
  }

  base::HttpClientResponse Get(const std::string& path, std::string_view accept) {
    base::HttpClientRequest request{.url = url_ + path};
    request.headers.Add("Accept", std::string(accept));
    return client_->Send(std::move(request)).value_or(base::HttpClientResponse{});
  }
  std::string Protobuf() {
    const base::HttpClientResponse response = Get("/metrics", kProtobuf);
    EXPECT_EQ(FormatOfContentType(response.headers.Get("Content-Type")), ExpositionFormat::protobuf);
    return response.body;
  }
  // Older ones have none among their own metrics.
  bool HasNativeHistograms() { return Get("/api/v1/status/buildinfo", "*/*").body.contains(R"("version":"3.)"); }
  Page Text() { return Read(Get("/metrics", "text/plain").body, {.format = ExpositionFormat::text}); }

  test::TemporaryDirectory folder_;
  std::string url_;
  std::unique_ptr<base::HttpClient> client_ = base::HttpClient::Start("tocsin-test");
  std::unique_ptr<test::ChildProcess> prometheus_;
};

// Of what only grows: other values may have gone up and come back between two looks.
bool OnlyGrows(const base::Labels& labels) {
  constexpr std::string_view kEndings[] = {"_total", "_count", "_sum", "_bucket", "_info"};
  return std::ranges::any_of(kEndings, [&](std::string_view end) { return labels.MetricName().ends_with(end); });
}

// What stands still from one page of text to the next is the same in the page of protobuf between them.
TEST_F(PrometheusPeer, ProtobufAndTextSayTheSame) {
  for (int i = 0; i < 3; ++i) Protobuf();  // the first requests make series of their own
  const Page before = Text();
  const std::string body = Protobuf();
  const Page after = Text();
  const Page classic = Read(body, {.format = ExpositionFormat::protobuf});
  EXPECT_TRUE(classic.histograms.empty());
  for (const auto& [labels, value] : classic.numbers) EXPECT_TRUE(after.numbers.contains(labels)) << labels.ToString();
  size_t still = 0;
  for (const auto& [labels, value] : before.numbers) {
    const auto found = classic.numbers.find(labels);
    ASSERT_NE(found, classic.numbers.end()) << labels.ToString();
    const auto later = after.numbers.find(labels);
    if (later == after.numbers.end() || later->second != value || !OnlyGrows(labels)) continue;
    EXPECT_EQ(found->second, value) << labels.ToString();
    ++still;
  }
  EXPECT_GT(still, 100);

  const Page native =
      Read(body, {.format = ExpositionFormat::protobuf, .native_histograms = true, .classic_histograms = true});
  EXPECT_EQ(native.histograms.size() > 3, HasNativeHistograms()) << native.histograms.size();
  for (const auto& [labels, histogram] : native.histograms) {
    SCOPED_TRACE(labels.ToString());
    const auto of = [&](std::string_view suffix) {
      base::LabelsBuilder part(labels);
      part.Set(base::kMetricName, std::string(labels.MetricName()) + std::string(suffix));
      return classic.numbers.at(part.Build());
    };
    EXPECT_EQ(histogram->count, of("_count"));
    EXPECT_EQ(histogram->sum, of("_sum"));
  }
  // series of histograms that have no classic buckets are all that is left out
  for (const auto& [labels, value] : classic.numbers) {
    if (native.numbers.contains(labels)) continue;
    base::LabelsBuilder whole(labels);
    std::string name(labels.MetricName());
    whole.Set(base::kMetricName, name.erase(name.rfind('_'))).Remove("le");
    EXPECT_TRUE(native.histograms.contains(whole.Build())) << labels.ToString();
  }
}

TEST_F(PrometheusPeer, IsScraped) {
  ScrapeConfig config;
  config.job_name = "peer";
  config.scrape_interval = config.scrape_timeout = std::chrono::seconds(6);
  config.static_configs = {{.targets = {url_.substr(url_.rfind('/') + 1)}, .labels = {}}};
  config.scrape_native_histograms = true;
  config.scrape_protocols = {"PrometheusProto"};
  RecordingStore store;
  const base::SystemClock clock;
  ScrapeManager manager(store, clock, *client_, nullptr);
  manager.Reload({config}, {});
  ASSERT_TRUE(test::WaitFor([&] { return manager.Targets()[0].health != TargetHealth::unknown; }));
  EXPECT_EQ(manager.Targets()[0].last_error, "");
  const auto written = store.Take();
  EXPECT_GT(written.size(), 200);
  const bool native = std::ranges::any_of(written, [](const auto& line) { return line.contains("} histogram{"); });
  EXPECT_EQ(native, HasNativeHistograms());
}

}  // namespace
}  // namespace ingest
