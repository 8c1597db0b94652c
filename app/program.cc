#include "app/program.h"

#include <fmt/format.h>
#include <malloc.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <mutex>
#include <thread>

#include "alertmanager/alertmanager_client.h"
#include "alertmanager/api/api.h"
#include "alertmanager/dispatcher.h"
#include "alertmanager/metrics.h"
#include "alertmanager/notify/forward.h"
#include "app/clock_watch.h"
#include "app/config.h"
#include "app/features_api.h"
#include "app/lifecycle_api.h"
#include "app/pages.h"
#include "app/persistence.h"
#include "app/process_metrics.h"
#include "app/prometheus_metrics.h"
#include "app/relabelling_sink.h"
#include "app/reload_status.h"
#include "app/remote_metadata.h"
#include "app/shared_value.h"
#include "app/sink_fan.h"
#include "app/start_report.h"
#include "app/status_api.h"
#include "app/store_metrics.h"
#include "base/log.h"
#include "base/net/http_client.h"
#include "exporter/endpoints.h"
#include "exporter/exporter.h"
#include "exporter/registry_adapter.h"
#include "ingest/api/api.h"
#include "ingest/remote_write.h"
#include "ingest/scrape_manager.h"
#include "promql/engine.h"
#include "promql/parser.h"
#include "promql/workers.h"
#include "remote/read.h"
#include "remote/writer.h"
#include "rules/api/api.h"
#include "rules/api/history_api.h"
#include "rules/api/query_api.h"
#include "rules/manager.h"
#include "rules/remote/datasource.h"
#include "store/head.h"

namespace app {
namespace {

// What a burst of requests or the first scrapes have left lies between what stays; malloc by itself gives back only
// what lies at its end.
void GiveMemoryBack() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

constexpr base::Duration kMaintenanceInterval = std::chrono::seconds(15);
constexpr std::chrono::minutes kFirstRoundPatience{2};
constexpr int kMostMissedEvaluations = 5;                // before a heartbeat is left out
constexpr std::chrono::seconds kDispatcherPatience{10};  // likewise
// How long a reload waits for what the Alertmanager clients of the old configuration still hold.
constexpr base::Duration kHandOver = std::chrono::seconds(2);
// How long a reload waits for samples to receivers that are gone or changed.
constexpr base::Duration kFlush = std::chrono::seconds(2);

base::Labels ToLabels(const std::map<std::string, std::string>& map) {
  base::LabelsBuilder labels;
  for (const auto& [name, value] : map) labels.Set(name, value);
  return labels.Build();
}

store::HeadOptions ToHeadOptions(const StorageConfig& storage) {
  return {.retention = storage.retention,
          .retention_bytes = storage.retention_size.bytes,
          .max_series = static_cast<size_t>(std::max<int64_t>(0, storage.max_series)),
          .out_of_order_window = storage.out_of_order_time_window};
}

// That is, how many threads may help the one that answers a query.
size_t OtherProcessors() {
  constexpr unsigned kMost = 8;
  return std::clamp(std::thread::hardware_concurrency(), 1U, kMost) - 1;
}

promql::EngineOptions WithWorkers(promql::EngineOptions options, promql::Workers& workers) {
  options.workers = &workers;
  return options;
}

// With the place of a mistake in its text.
base::Result<std::vector<base::Matcher>> ParseSelector(std::string_view text) {
  auto matchers = promql::ParseSelector(text);
  if (!matchers) return base::Invalid(promql::ErrorText(matchers.error()));
  return matchers;
}

std::vector<std::string> ReloadPrefixes(const Roles& roles) {
  std::vector<std::string> prefixes = {"tocsin"};
  if (roles.rules) prefixes.emplace_back("prometheus");
  if (roles.alertmanager) prefixes.emplace_back("alertmanager");
  return prefixes;
}

class Composition final : public Program {
 public:
  Composition(ProgramOptions options, const base::Clock& clock, Environment environment)
      : options_(std::move(options)), clock_(clock), environment_(std::move(environment)) {}
  ~Composition() override { Stop(); }

  Config Read(base::YamlErrors& errors) const {
    if (options_.alertmanager_file && KindOfFile(options_.config_file, FileKind::alertmanager) != FileKind::tocsin) {
      return ReadAlertmanagerConfig(options_.config_file, errors);
    }
    Config config = ReadConfig(options_.config_file, environment_, errors,
                               {.features = options_.engine.parse, .roles = options_.roles});
    CheckRoles(options_.roles, config, options_.config_file, errors);
    if (!options_.datasource_url.empty()) {
      auto& datasource = config.evaluation.datasource;
      if (!datasource) datasource.emplace();
      datasource->url = options_.datasource_url;
    }
    return config;
  }
  base::Result<void> Begin(const Config& config);

  std::vector<base::Error> Reload() override;
  std::vector<std::string> addresses() const override { return server_->addresses(); }
  void Stop() override;

 private:
  StartFacts Facts() const;
  base::Result<void> ReplaceExporter(const Config& config);
  std::function<bool()> SourcesRead();
  void MakeDispatcher(const Config& config);
  void Apply(const Config& config);
  void ApplyDatasource(const rules::EvaluationConfig& config);
  void ApplyRules(const Config& config);
  void ApplySinks(const Config& config);
  void ApplyRemoteWrite(const Config& config);
  void ApplyHeartbeat(const Config& config);
  std::string WhyNobodyIsTold();
  ingest::InProcessTarget OwnTarget(const Config& config);
  StatusSource Status();
  std::vector<base::Endpoint> Endpoints();
  PageParts Pages();
  rules::QuerySource Queries();
  rules::OpenHistory History() const;
  void Maintain(const std::stop_token& stop);

  const ProgramOptions options_;
  const base::Clock& clock_;
  const Environment environment_;
  std::mutex reloading_;  // one Reload at a time
  StorageConfig storage_;
  const base::Timestamp started_ = clock_.Now();
  // What of the configuration in force is asked for by requests.
  struct Shown {
    std::string yaml;
    std::vector<std::string> alertmanagers;
    base::Labels external_labels;
  };
  SharedValue<const Shown> shown_{std::make_shared<const Shown>()};
  std::atomic<bool> ready_ = false;
  std::atomic<bool> sources_read_ = false;  // every target has been scraped once
  bool stopped_ = false;

  // What stands lower uses what stands higher.
  prometheus::Registry registry_;
  ClockWatch clock_watch_;
  ReloadStatus reload_status_{registry_, ReloadPrefixes(options_.roles)};
  alertmanager::Metrics alert_metrics_{registry_};
  std::unique_ptr<base::HttpClient> client_ = base::HttpClient::Start(fmt::format("tocsin/{}", TOCSIN_VERSION));
  std::unique_ptr<store::Exemplars> exemplars_;  // null: none are kept
  std::unique_ptr<store::Head> head_;
  Persistence persistence_;                       // its writer reads series of the head up to its end
  std::unique_ptr<remote::Writer> remote_write_;  // null without the role of rules
  SharedValue<exporter::Exporter> exporter_;
  std::unique_ptr<rules::QueryMetrics> query_metrics_;  // null without the role of rules
  const promql::Engine engine_{options_.engine};
  // Rules are evaluated by several threads at once as it is; a person's query is waited for.
  promql::Workers query_workers_{options_.roles.rules ? OtherProcessors() : 0};
  const promql::Engine query_engine_{WithWorkers(options_.engine, query_workers_)};
  std::shared_ptr<alertmanager::Dispatcher> dispatcher_;             // null without the role or its section
  std::shared_ptr<alertmanager::AlertmanagerClient> alertmanagers_;  // null without the role of rules
  SinkFan sinks_;
  rules::EvaluationConfig evaluation_;                   // in force
  std::shared_ptr<rules::RemoteDatasource> datasource_;  // null: rules read the store
  std::unique_ptr<rules::Manager> rule_manager_;         // null without the role, as scrapes_
  std::unique_ptr<ingest::ScrapeManager> scrapes_;
  std::jthread maintenance_;
  std::optional<HeartbeatConfig> heartbeat_config_;  // in force
  std::unique_ptr<Heartbeat> heartbeat_;             // null without its section
  std::string own_address_;                          // guarded by reloading_
  std::unique_ptr<base::HttpServer> server_;         // its handlers must not look at it: it begins before it is here
};

// Parts are made but nothing runs until the server has its ports, so that a taken port leaves nothing behind.
base::Result<void> Composition::Begin(const Config& config) {
  storage_ = config.storage;
  LogStart(config, Facts());
  const Roles& roles = options_.roles;
  const int64_t exemplars = options_.exemplar_storage && roles.rules ? storage_.exemplars.max_exemplars : 0;
  if (exemplars > 0) exemplars_ = std::make_unique<store::Exemplars>(static_cast<size_t>(exemplars));
  store::HeadOptions head = ToHeadOptions(config.storage);
  head.exemplars = exemplars_.get();
  head_ = std::make_unique<store::Head>(head);
  if (!options_.storage_path.empty() && (roles.rules || roles.alertmanager)) {
    TRY(persistence_, Persistence::Open(options_.storage_path, config.storage, roles.rules, *head_, clock_));
  }
  TRY_VOID(ReplaceExporter(config));
  if (roles.rules) {
    remote_write_ = std::make_unique<remote::Writer>(
        remote::Writer::Options{.clock = clock_,
                                .client = *client_,
                                .registry = registry_,
                                .next = persistence_.samples.get(),
                                .head = head_.get(),
                                .positions = persistence_.remote_positions.get(),
                                .kept = std::move(persistence_.kept.remote_positions)});
    rule_manager_ = std::make_unique<rules::Manager>(rules::ManagerOptions{.clock = clock_,
                                                                           .engine = engine_,
                                                                           .querier = *head_,
                                                                           .appendable = *head_,
                                                                           .sink = sinks_,
                                                                           .registry = &registry_,
                                                                           .keeper = persistence_.rule_state.get(),
                                                                           .sources_read = SourcesRead()});
    rule_manager_->Restore(std::move(persistence_.kept.rules));
    query_metrics_ =
        std::make_unique<rules::QueryMetrics>(registry_, static_cast<size_t>(std::max(0, options_.http.threads)));
    scrapes_ = std::make_unique<ingest::ScrapeManager>(
        *head_, clock_, *client_, &registry_,
        ingest::ScrapeManagerOptions{.on_first_round = [this] { sources_read_ = true; }});
    remote_write_->SetMetadata([this] { return RemoteMetadata(scrapes_->Metadata()); });
  }
  MakeDispatcher(config);
  {
    const std::scoped_lock lock(reloading_);  // who asks for a reload from here on waits
    base::HttpServerOptions http = options_.http;
    http.frame = Pages().frame;
    TRY(server_, base::HttpServer::Start(std::move(http), Endpoints()));
    own_address_ = server_->addresses().front();
    Apply(config);
  }
  clock_watch_.Start(clock_);
  if (dispatcher_) dispatcher_->Start();
  if (rule_manager_) rule_manager_->Start(evaluation_.Threads());
  maintenance_ = std::jthread([this](const std::stop_token& stop) { Maintain(stop); });
  ready_ = true;
  {
    const std::scoped_lock lock(reloading_);
    ApplyHeartbeat(config);
  }
  return {};
}

StartFacts Composition::Facts() const {
  return {.roles = options_.roles,
          .config_file = options_.config_file,
          .storage_path = options_.storage_path,
          .pushed = options_.remote_write_receiver};
}

base::Result<void> Composition::ReplaceExporter(const Config& config) {
  exporter::ExporterOptions sources{.sources = {[this] { return exporter::FromCollectable(registry_); }, ProcessMetrics,
                                                [] { return exporter::MetricFamilies{BuildInfo()}; },
                                                [this] { return StoreMetrics(head_->Stats()); },
                                                [this] { return ExemplarMetrics(exemplars_.get()); },
                                                [this] { return WriterMetrics(persistence_.writer.get()); },
                                                [this] { return DurableMetrics(persistence_.samples.get()); }}};
  const auto add = [&sources](auto source) { sources.sources.emplace_back(std::move(source)); };
  add([this] { return clock_watch_.Metrics(); });
  if (persistence_.folder) add([this] { return DiskMetrics(options_.storage_path); });
  if (options_.roles.rules) {
    add(PrometheusBuildInfo);
    add([this] { return PrometheusStoreMetrics(head_->Stats(), {storage_.retention, storage_.retention_size.bytes}); });
    add([this] { return PrometheusWriterMetrics(persistence_.writer.get()); });
  }
  if (options_.roles.alertmanager) add(AlertmanagerBuildInfo);
  const exporter::ExporterConfig nothing;
  TRY(std::shared_ptr<exporter::Exporter> made,
      exporter::Exporter::Create(options_.roles.exporter ? config.collectors : nothing, clock_, std::move(sources)));
  exporter_.Store(std::move(made));
  return {};
}

// A target with a long interval does not hold alerts for ever.
std::function<bool()> Composition::SourcesRead() {
  return [this, begin = std::chrono::steady_clock::now()] {
    return sources_read_ || std::chrono::steady_clock::now() - begin > kFirstRoundPatience;
  };
}

void Composition::MakeDispatcher(const Config& config) {
  if (!options_.roles.alertmanager || !config.alertmanager || dispatcher_) return;
  dispatcher_ = std::make_shared<alertmanager::Dispatcher>(
      config.alertmanager, alertmanager::Dispatcher::Options{.clock = clock_,
                                                             .client = *client_,
                                                             .metrics = alert_metrics_,
                                                             .pipeline = {.external_url = options_.external_url},
                                                             .keeper = persistence_.alertmanager_state.get(),
                                                             .state = std::move(persistence_.kept.alertmanager)});
}

// What a reload replaces. Cannot fail: the configuration was checked.
void Composition::Apply(const Config& config) {
  Shown shown{config.shown, {}, ToLabels(config.global.external_labels)};
  for (const auto& peer : config.alerting.peers)
    shown.alertmanagers.push_back(base::RedactUrl(alertmanager::AlertsUrl(peer.url)));
  shown_.Store(std::make_shared<const Shown>(std::move(shown)));
  ApplySinks(config);
  ApplyRemoteWrite(config);
  ApplyHeartbeat(config);
  if (rule_manager_) ApplyRules(config);
  if (scrapes_) {
    std::vector<ingest::InProcessTarget> own;
    // the alerts about tocsin itself need its own metrics, also where it exports nothing else
    if (options_.roles.exporter || config.builtin_alerts) own.push_back(OwnTarget(config));
    scrapes_->Reload(config.scrape_configs, std::move(own));
  }
  reload_status_.Succeeded(clock_.Now());
}

void Composition::ApplyRules(const Config& config) {
  ApplyDatasource(config.evaluation);
  const base::Duration offset = config.global.rule_query_offset;
  const auto& datasource = config.evaluation.datasource;
  rule_manager_->Apply({.rules = config.rules,
                        .defaults = {.interval = config.global.evaluation_interval,
                                     .query_offset = datasource ? datasource->eval_delay.value_or(offset) : offset},
                        .external_labels = ToLabels(config.global.external_labels),
                        .external_url = options_.external_url,
                        .datasource = datasource_,
                        .no_data = config.evaluation.no_data,
                        .catch_up = config.evaluation.catch_up});
}

// Evaluations that wait for a datasource of the past are ended, so that groups can change at once.
void Composition::ApplyDatasource(const rules::EvaluationConfig& config) {
  const bool running = ready_;
  if (running) rule_manager_->Start(config.Threads());
  if (std::exchange(evaluation_, config).datasource == config.datasource) return;
  if (datasource_) datasource_->Stop();
  datasource_.reset();
  if (!config.datasource) {
    base::LogInfo("rules are evaluated on the samples stored here");
    return;
  }
  base::LogInfo("rules are evaluated on a server", {{"datasource", base::RedactUrl(config.datasource->url)}});
  datasource_ = std::make_shared<rules::RemoteDatasource>(
      *config.datasource, rules::RemoteDatasource::Parts{.client = *client_, .clock = clock_, .registry = &registry_});
}

void Composition::ApplySinks(const Config& config) {
  SinkFan::Sinks sinks;
  const auto add = [&](std::shared_ptr<base::AlertSink> sink) {
    const auto& steps = config.alert_relabel_configs;
    sinks.push_back(steps.empty() ? std::move(sink) : std::make_shared<RelabellingSink>(steps, std::move(sink)));
  };
  if (dispatcher_) {
    dispatcher_->Reload(config.alertmanager);
    add(dispatcher_);
  }
  std::shared_ptr<alertmanager::AlertmanagerClient> old;
  if (options_.roles.rules) {
    old = std::exchange(alertmanagers_, std::make_shared<alertmanager::AlertmanagerClient>(
                                            config.alerting, alertmanager::AlertmanagerClient::Options{
                                                                 .clock = clock_,
                                                                 .client = *client_,
                                                                 .metrics = alert_metrics_,
                                                                 .others = dispatcher_ ? size_t{1} : 0}));
    add(alertmanagers_);
  }
  sinks_.Replace(std::move(sinks));
  if (old && !old->Stop(kHandOver)) alertmanagers_->TakeOver(*old);
}

// Without receivers the head does not know of remote write, and appending costs what it did.
void Composition::ApplyRemoteWrite(const Config& config) {
  if (!remote_write_) return;
  remote_write_->Apply(config.remote_write, ToLabels(config.global.external_labels), kFlush);
  const bool used = !remote_write_->empty();
  head_->SetLog(used ? static_cast<store::SampleLog*>(remote_write_.get()) : persistence_.samples.get());
}

// The exporter's page as a scrape target without a socket.
ingest::InProcessTarget Composition::OwnTarget(const Config& config) {
  ingest::InProcessTarget target;
  target.config.job_name = kOwnJob;
  target.config.scrape_interval = config.global.scrape_interval;
  target.config.scrape_timeout = std::min(config.global.scrape_timeout, config.global.scrape_interval);
  target.address = own_address_;
  target.fetch = [this](base::Duration timeout) -> base::Result<ingest::FetchedPage> {
    constexpr auto kFormat = exporter::ExpositionFormat::text;
    const auto deadline = std::chrono::steady_clock::now() + timeout - timeout / 20;
    const std::shared_ptr<exporter::Exporter> exporter = exporter_.Load();
    std::string page = exporter->CollectText(deadline, kFormat);
    if (exporter->stopped()) return base::Fail(base::ErrorCode::cancelled, "shutting down");
    return ingest::FetchedPage{std::string(exporter::ContentType(kFormat)), std::move(page)};
  };
  return target;
}

std::vector<base::Error> Composition::Reload() {
  const std::scoped_lock lock(reloading_);
  base::YamlErrors errors;
  const Config config = Read(errors);
  if (errors.empty()) {
    if (const auto replaced = ReplaceExporter(config); !replaced) errors.Add(replaced.error());
  }
  if (!errors.empty()) {
    reload_status_.Failed();
    return errors.errors();
  }
  if (config.storage != storage_) base::LogWarn("a change of `storage:` takes effect at the next start");
  const bool had_dispatcher = dispatcher_ != nullptr;
  if (had_dispatcher != (config.alertmanager != nullptr) && options_.roles.alertmanager) {
    base::LogWarn("adding or removing `alertmanager:` takes effect at the next start");
  }
  Apply(config);
  LogWarnings(config, Facts());
  return {};
}

// A heartbeat begins once everything runs.
void Composition::ApplyHeartbeat(const Config& config) {
  if (!ready_ || config.heartbeat == heartbeat_config_) return;
  heartbeat_config_ = config.heartbeat;
  heartbeat_.reset();
  if (!heartbeat_config_) return;
  heartbeat_ = std::make_unique<Heartbeat>(*heartbeat_config_, *client_, registry_, clock_,
                                           [this] { return WhyNobodyIsTold(); });
  heartbeat_->Start();
}

std::string Composition::WhyNobodyIsTold() {
  if (rule_manager_) {
    const base::Timestamp now = clock_.Now();
    base::Duration interval = base::Duration::max() / kMostMissedEvaluations;
    base::Timestamp latest = started_;
    for (const rules::GroupSnapshot& group : rule_manager_->Groups()) {
      interval = std::min(interval, group.interval);
      latest = std::max(latest, group.last_evaluation.value_or(latest));
    }
    const base::Duration longest = std::max<base::Duration>(kMostMissedEvaluations * interval, std::chrono::minutes(1));
    if (now - latest > longest) {
      return fmt::format("no rule group was evaluated since {}", base::FormatRfc3339(latest));
    }
  }
  if (dispatcher_ && !dispatcher_->Answers(kDispatcherPatience)) return "the alertmanager takes no turns";
  return "";
}

void Composition::Stop() {
  if (std::exchange(stopped_, true)) return;
  heartbeat_.reset();
  ready_ = false;
  // first: whoever waits for a database would hold up the server and the scrapes
  if (const auto exporter = exporter_.Load()) exporter->Stop();
  server_.reset();
  maintenance_ = {};
  const base::Timestamp deadline = clock_.Now() + options_.drain;
  if (remote_write_) remote_write_->SetMetadata({});
  scrapes_.reset();
  if (datasource_) datasource_->Stop();
  rule_manager_.reset();
  if (remote_write_) remote_write_->Flush();
  sinks_.Replace({});
  if (alertmanagers_) alertmanagers_->Stop(options_.drain);
  if (dispatcher_) dispatcher_->Stop(options_.drain);
  if (remote_write_) remote_write_->Stop(std::max(base::Duration(0), deadline - clock_.Now()));
}

void Composition::Maintain(const std::stop_token& stop) {
  while (clock_.SleepUntil(clock_.Now() + kMaintenanceInterval, stop)) {
    const base::Timestamp now = clock_.Now();
    head_->Maintain(now);
    if (persistence_.samples) persistence_.samples->Maintain(now, now - storage_.retention);
    GiveMemoryBack();
  }
}

StatusSource Composition::Status() {
  return {.started = started_,
          .now = [this] { return clock_.Now(); },
          .flags = options_.flags,
          .config = [this] { return shown_.Load()->yaml; },
          .reload = [this] { return reload_status_.Get(); },
          .retention = base::FormatDuration(storage_.retention),
          .head = *head_,
          .alertmanagers = [this] { return shown_.Load()->alertmanagers; }};
}

std::vector<base::Endpoint> Composition::Endpoints() {
  std::vector<base::Endpoint> endpoints = exporter::Endpoints([this] { return exporter_.Load(); });
  const auto mount = [&endpoints](std::vector<base::Endpoint> more) {
    std::ranges::move(more, std::back_inserter(endpoints));
  };
  if (rule_manager_) {
    mount(rules::Endpoints(*rule_manager_));
    const rules::QuerySource source = Queries();
    mount(rules::QueryEndpoints(source));
    mount(rules::SeriesEndpoints(source));
    mount(ingest::Endpoints(*scrapes_, ParseSelector));
    mount({remote::ReadEndpoint(*head_, [this] { return shown_.Load()->external_labels; })});
    mount(StatusEndpoints(Status()));
    mount({FeaturesEndpoint({.engine = options_.engine,
                             .remote_write_receiver = options_.remote_write_receiver,
                             .exemplar_storage = exemplars_ != nullptr,
                             .lifecycle = options_.quit != nullptr})});
    if (const rules::OpenHistory history = History()) mount(rules::HistoryEndpoints(history, clock_));
    if (options_.remote_write_receiver) mount(ingest::RemoteWriteEndpoints(*head_, clock_));
  }
  if (dispatcher_) mount(alertmanager::Endpoints(*dispatcher_, {.version = TOCSIN_VERSION, .started = started_}));
  mount(LifecycleEndpoints([this] { return ready_.load(); }, [this] { return Reload(); }, options_.quit));
  AddPages(Pages(), endpoints);
  return endpoints;
}

rules::QuerySource Composition::Queries() {
  return {query_engine_,       *head_, clock_, [this] { return shown_.Load()->external_labels; }, exemplars_.get(),
          query_metrics_.get()};
}

rules::OpenHistory Composition::History() const {
  if (!persistence_.folder) return {};
  return [path = persistence_.folder->DatabasePath()] { return base::Database::OpenReadOnly(path); };
}

PageParts Composition::Pages() {
  const bool evaluates = rule_manager_ != nullptr;
  PageParts parts{.frame = MakeFrame(options_.link_path, options_.roles.exporter, evaluates, dispatcher_ != nullptr),
                  .rules = std::nullopt,
                  .dispatcher = dispatcher_.get()};
  if (evaluates) parts.rules.emplace(rules::PageSource{*rule_manager_, Queries(), parts.frame, History()});
  return parts;
}

}  // namespace

std::expected<std::unique_ptr<Program>, Program::Failure> Program::Start(ProgramOptions options,
                                                                         const base::Clock& clock,
                                                                         Environment environment) {
  auto program = std::make_unique<Composition>(std::move(options), clock, std::move(environment));
  base::YamlErrors errors;
  const Config config = program->Read(errors);
  if (!errors.empty()) return std::unexpected(Failure{true, errors.errors()});
  if (const auto begun = program->Begin(config); !begun) return std::unexpected(Failure{false, {begun.error()}});
  return program;
}

}  // namespace app
