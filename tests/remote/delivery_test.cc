#include "remote/delivery.h"

#include <gtest/gtest.h>

namespace remote {
namespace {

using Kind = Verdict::Kind;

std::string Text(const Verdict& verdict) {
  constexpr const char* kKinds[] = {"sent", "retry", "refused"};
  std::string text = kKinds[static_cast<size_t>(verdict.kind)];
  if (!verdict.reason.empty()) text += " " + verdict.reason;
  if (verdict.after) text += fmt::format(" after {}", base::FormatDuration(*verdict.after));
  if (verdict.written) text += fmt::format(" written {}", *verdict.written);
  if (verdict.repeated) text += " repeated";
  return text;
}

TEST(Delivery, Judge) {
  struct Case {
    Protocol protocol;
    bool retry_429;
    base::HttpClientResponse answer;
    std::string want;
  };
  const base::HttpHeaders two = {{"X-Prometheus-Remote-Write-Samples-Written", "2"},
                                 {"X-Prometheus-Remote-Write-Histograms-Written", "1"}};
  const Case cases[] = {
      {Protocol::v1, true, {.status = 200}, "sent"},
      {Protocol::v1, true, {.status = 204}, "sent"},
      {Protocol::v1, true, {.status = 500}, "retry server returned HTTP status 500 Internal Server Error"},
      {Protocol::v1,
       true,
       {.status = 503, .headers = {{"Retry-After", "7"}}, .body = "later\nmuch"},
       "retry server returned HTTP status 503 Service Unavailable: later after 7s"},
      {Protocol::v1,
       true,
       {.status = 429, .headers = {{"Retry-After", "7"}}},
       "retry server returned HTTP status 429 Too Many Requests after 7s"},
      {Protocol::v1, false, {.status = 429}, "refused server returned HTTP status 429 Too Many Requests"},
      {Protocol::v1,
       true,
       {.status = 400, .body = "out of order sample\n"},
       "refused server returned HTTP status 400 Bad Request: out of order sample repeated"},
      {Protocol::v1,
       true,
       {.status = 409, .body = "Duplicate sample for timestamp"},
       "refused server returned HTTP status 409 Conflict: Duplicate sample for timestamp repeated"},
      {Protocol::v1,
       true,
       {.status = 413, .body = "out of order"},
       "refused server returned HTTP status 413 Content Too Large: out of order"},
      {Protocol::v1, true, {.status = 302}, "refused server returned HTTP status 302 Found"},
      {Protocol::v2, true, {.status = 204, .headers = two}, "sent written 3"},
      {Protocol::v2,
       true,
       {.status = 200},
       "refused the receiver does not say what it wrote; it may know remote write 1 only"},
      {Protocol::v2,
       true,
       {.status = 400, .headers = two, .body = "one is too old"},
       "refused server returned HTTP status 400 Bad Request: one is too old written 3"},
      {Protocol::v2, true, {.status = 415}, "refused server returned HTTP status 415 Unsupported Media Type"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want);
    WriteConfig config;
    config.protocol = c.protocol;
    config.queue.retry_on_http_429 = c.retry_429;
    EXPECT_EQ(Text(Judge(c.answer, config, {})), c.want);
  }
}

TEST(Delivery, JudgeErrors) {
  EXPECT_EQ(Text(Judge(base::Unavailable("cannot connect"), {}, {})), "retry cannot connect");
  EXPECT_EQ(Text(Judge(base::Fail(base::ErrorCode::timeout, "too slow"), {}, {})), "retry too slow");
  EXPECT_EQ(Text(Judge(base::Invalid("malformed URL"), {}, {})), "refused malformed URL");
}

TEST(Delivery, Pauses) {
  const QueueConfig config;
  constexpr int kWant[] = {30, 60, 120, 240, 480, 960, 1920, 3840, 5000, 5000};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Pause(config, i + 1, std::nullopt).count(), kWant[i]);
  EXPECT_EQ(Pause(config, 1'000'000, std::nullopt).count(), 5000);
  EXPECT_EQ(Pause(config, 1, std::chrono::seconds(90)).count(), 90'000);
  EXPECT_EQ(Pause(config, 2, base::Duration(0)).count(), 60);
}

std::string Headers(const base::HttpClientRequest& request) {
  std::string text;
  for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\n", name, value);
  return text;
}

TEST(Delivery, Requests) {
  WriteConfig config;
  config.url = "http://x/write";
  config.http.headers = {{"X-Scope-OrgID", {"me", ""}}};
  config.http.basic_auth = base::HttpBasicAuth{"u", "", {"pw", ""}};
  const auto first = MakeRequest(config, "body", 0).value();
  EXPECT_EQ(first.method + " " + first.url + " " + first.body, "POST http://x/write body");
  EXPECT_TRUE(first.status_decides);
  EXPECT_EQ(Headers(first),
            "Content-Encoding: snappy\nContent-Type: application/x-protobuf\n"
            "X-Prometheus-Remote-Write-Version: 0.1.0\nAuthorization: Basic dTpwdw==\nX-Scope-OrgID: me\n");
  config.http.basic_auth.reset();
  config.http.headers.clear();
  config.protocol = Protocol::v2;
  EXPECT_EQ(Headers(MakeRequest(config, "", 2).value()),
            "Content-Encoding: snappy\nContent-Type: application/x-protobuf;proto=io.prometheus.write.v2.Request\n"
            "X-Prometheus-Remote-Write-Version: 2.0.0\nRetry-Attempt: 2\n");
  config.http.authorization = base::HttpAuthorization{"Bearer", {"", "/nowhere/token"}};
  EXPECT_TRUE(MakeRequest(config, "", 0).error().message.contains("/nowhere/token"));
}

}  // namespace
}  // namespace remote
