#include "tests/alertmanager/world.h"

#include <gtest/gtest.h>

#include "alertmanager/fingerprint.h"

namespace alertmanager {

base::Timestamp At(double seconds) { return base::TimestampFromSeconds(1795219200 + seconds); }

Config Parse(const std::string& yaml) {
  base::YamlErrors errors;
  Config config = ParseConfig(yaml, "am.yml", errors);
  EXPECT_EQ(errors.ToString(), "");
  return config;
}

base::Alert MakeAlert(base::Labels labels, base::Labels annotations) {
  return {std::move(labels), std::move(annotations), At(0), At(86400), "http://tocsin:9090/graph?g0.expr=up&g0.tab=1"};
}

Notification MakeNotification(std::vector<base::Alert> firing, std::vector<base::Alert> resolved) {
  Notification notification;
  notification.receiver = "ops";
  notification.group_key = "{}:{alertname=\"PAR_90\"}";
  notification.external_url = "http://tocsin:9093";
  notification.now = At(60);
  notification.repeat_interval = std::chrono::hours(4);
  const auto add = [&](std::vector<base::Alert>& alerts, bool is_resolved) {
    for (base::Alert& alert : alerts) {
      if (is_resolved) alert.ends_at = At(30);
      const uint64_t fingerprint = Fingerprint(alert.labels);
      notification.alerts.push_back({std::move(alert), fingerprint, is_resolved});
    }
  };
  add(firing, false);
  add(resolved, true);
  notification.group_labels = notification.CommonLabels().Keep({"alertname"});
  if (!notification.Firing()) notification.reason = NotifyReason::all_resolved;
  return notification;
}

void FakeTransport::Script(std::deque<base::Result<base::HttpClientResponse>> answers) {
  const std::scoped_lock lock(mutex_);
  answers_ = std::move(answers);
}

void FakeTransport::ScriptMail(std::deque<base::Result<void>> answers) {
  const std::scoped_lock lock(mutex_);
  mail_answers_ = std::move(answers);
}

std::vector<base::HttpClientRequest> FakeTransport::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

std::vector<base::MailAttempt> FakeTransport::mails() const {
  const std::scoped_lock lock(mutex_);
  return mails_;
}

void FakeTransport::StartSend(base::HttpClientRequest request, Done done) { done(Send(std::move(request), {})); }

base::Result<base::HttpClientResponse> FakeTransport::Send(base::HttpClientRequest request, std::stop_token) {
  const std::scoped_lock lock(mutex_);
  requests_.push_back(std::move(request));
  auto answer = answers_.front();
  if (answers_.size() > 1) answers_.pop_front();
  return answer;
}

base::Result<void> FakeTransport::SendMail(base::MailAttempt mail, std::stop_token) {
  const std::scoped_lock lock(mutex_);
  mails_.push_back(std::move(mail));
  auto answer = mail_answers_.front();
  if (mail_answers_.size() > 1) mail_answers_.pop_front();
  return answer;
}

}  // namespace alertmanager
