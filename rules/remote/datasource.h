#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/net/http_client.h"
#include "rules/datasource.h"
#include "rules/remote/config.h"

namespace prometheus {
class Registry;
}

namespace rules {

class DatasourceMetrics;

// A server with Prometheus' HTTP API: Prometheus, Thanos, Mimir, VictoriaMetrics. Asks /api/v1/query and query_range.
// Every error begins with the method and the redacted URL. Its code is invalid_argument where the server refused the
// query, timeout where it or we ran out of time, limit_exceeded for an answer too large, cancelled after Stop,
// unavailable for the rest. What broke on the way, 429 and 5xx are tried again after pauses that double (or that the
// server asked for), as far as retries and patience go. The server is told the timeout, so that it gives up as well.
class RemoteDatasource final : public Datasource {
 public:
  // What it works with; all outlive it.
  struct Parts {
    base::HttpClient& client;
    const base::Clock& clock;
    prometheus::Registry* registry =
        nullptr;                     // may be null; metrics of one registry go on from datasource to datasource
    size_t most_bytes = 64UL << 20;  // of one answer, unpacked
  };
  RemoteDatasource(DatasourceConfig config, const Parts& parts);
  ~RemoteDatasource() override;

  base::Result<promql::QueryResult> Instant(const promql::Expr& expr, base::Timestamp time,
                                            const Patience& patience) const override;
  base::Result<promql::QueryResult> Range(const promql::Expr& expr, base::Timestamp start, base::Timestamp end,
                                          base::Duration step) const override;

  // Ends what is under way; later queries fail at once.
  void Stop() { stop_.request_stop(); }

 private:
  struct Attempt;
  base::Result<promql::QueryResult> Ask(std::string_view path, const std::string& parameters,
                                        const Patience& patience) const;
  Attempt Try(const std::string& url, const std::string& parameters, base::Duration timeout) const;
  Attempt Judge(base::Result<base::HttpClientResponse> answer, const std::string& parameters) const;
  Attempt JudgeAnswer(const std::string& body, const std::string& parameters) const;
  bool Pause(const Attempt& failed, int tries, base::Timestamp until) const;

  const DatasourceConfig config_;
  base::HttpClient& client_;
  const base::Clock& clock_;
  const size_t most_bytes_;
  const std::string base_url_;
  const std::string extra_;  // the parameters of every query: "&name=value…"
  const std::unique_ptr<DatasourceMetrics> metrics_;
  std::stop_source stop_;
};

}  // namespace rules
