#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/net/http_client.h"
#include "ingest/remote_write.h"
#include "store/head.h"

namespace remote {

// An HTTP client behind which a receiver with a store of its own stands: a request is answered by `answer`, and what
// is answered with 2xx is stored. Thread-safe.
class FakeReceiver : public base::HttpClient {
 public:
  using Answer = std::function<base::Result<base::HttpClientResponse>(size_t number)>;

  // From 1 on; null leaves requests unanswered until Release.
  void AnswerBy(Answer answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  void Release() {
    std::vector<std::pair<base::HttpClientRequest, Done>> held;
    {
      const std::scoped_lock lock(mutex_);
      held = std::exchange(held_, {});
    }
    for (auto& [request, done] : held) Take(request, done, [](size_t) { return Status(204); });
  }

  void StartSend(base::HttpClientRequest request, Done done) override {
    Answer answer;
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
      answer = answer_;
      if (!answer) held_.emplace_back(std::move(request), std::move(done));
    }
    if (answer) Take(request, done, answer);
  }
  base::Result<base::HttpClientResponse> Send(base::HttpClientRequest request, std::stop_token) override {
    const std::scoped_lock lock(mutex_);
    metadata_.push_back(std::move(request));
    return Status(204);
  }
  base::Result<void> SendMail(base::MailAttempt, std::stop_token) override { return {}; }

  size_t requests() {
    const std::scoped_lock lock(mutex_);
    return requests_.size();
  }
  base::HttpClientRequest Request(size_t index) {
    const std::scoped_lock lock(mutex_);
    return requests_.at(index);
  }
  size_t metadata_requests() {
    const std::scoped_lock lock(mutex_);
    return metadata_.size();
  }

  static base::Result<base::HttpClientResponse> Status(int status, base::HttpHeaders headers = {}) {
    return base::HttpClientResponse{.status = status, .headers = std::move(headers), .body = "so it is"};
  }

  // As Prometheus: a request is refused as a whole where a series has a newer sample than one of the request's.
  void RefuseOlder() {
    const std::scoped_lock lock(mutex_);
    refuses_older_ = true;
  }

  store::Head head;
  size_t refused = 0;  // by the receiver's store: never, where samples come in order and once

 private:
  static constexpr base::Timestamp kFuture{std::chrono::hours(24 * 365 * 200)};
  static constexpr store::TimeRange kAlways{base::Timestamp::min(), base::Timestamp::max()};
  static std::map<std::string, store::Samples> Stored(const store::Head& from) {
    std::map<std::string, store::Samples> stored;
    const auto all = from.Select({}, kAlways).value();
    for (const auto& series : all) series->Read(kAlways, stored[series->labels().ToString()]);
    return stored;
  }
  bool HasNewer(const std::string& body) {
    store::Head trial;
    const auto report = ingest::IngestRemoteWrite(body, ingest::RemoteWriteVersion::v1, kFuture, trial);
    const auto known = Stored(head);
    return !report || std::ranges::any_of(Stored(trial), [&](const auto& series) {
      const auto same = known.find(series.first);
      return same != known.end() && series.second.times.front() < same->second.times.back();
    });
  }
  void Take(const base::HttpClientRequest& request, const Done& done, const Answer& answer) {
    base::Result<base::HttpClientResponse> said = base::Unavailable("");
    {
      const std::scoped_lock lock(mutex_);
      said = answer(++answered_);
      if (said && said->status / 100 == 2) {
        const bool v2 = request.headers.Get("X-Prometheus-Remote-Write-Version") == "2.0.0";
        const std::string body = ingest::Unsnappy(request.body, 1UL << 30).value();
        if (refuses_older_ && HasNewer(body)) {
          said = base::HttpClientResponse{.status = 400, .headers = {}, .body = "out of order sample\n"};
        } else {
          const auto report = ingest::IngestRemoteWrite(
              body, v2 ? ingest::RemoteWriteVersion::v2 : ingest::RemoteWriteVersion::v1, kFuture, head);
          refused += !report || report->refused + report->invalid > 0;
          if (v2) said->headers.Add("X-Prometheus-Remote-Write-Samples-Written", std::to_string(report->samples));
        }
      }
    }
    done(std::move(said));
  }

  std::mutex mutex_;
  bool refuses_older_ = false;
  Answer answer_ = [](size_t) { return Status(204); };
  size_t answered_ = 0;
  std::vector<base::HttpClientRequest> requests_;
  std::vector<base::HttpClientRequest> metadata_;
  std::vector<std::pair<base::HttpClientRequest, Done>> held_;
};

}  // namespace remote
