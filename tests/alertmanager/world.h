#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "alertmanager/config.h"
#include "alertmanager/notify/notification.h"
#include "base/net/http_client.h"

// What the tests of this room share.

namespace alertmanager {

// Seconds after an instant that every test calls its beginning: 2026-11-21T00:00:00Z.
base::Timestamp At(double seconds);

// The configuration, which must be free of mistakes.
Config Parse(const std::string& yaml);

// One alert firing since At(0), its end far away.
base::Alert MakeAlert(base::Labels labels, base::Labels annotations = {});

// A notification of these alerts at At(60); those named resolved ended at At(30).
Notification MakeNotification(std::vector<base::Alert> firing, std::vector<base::Alert> resolved = {});

// Answers as its script says, in order, the last line for ever; keeps what was asked. Thread-safe.
class FakeTransport : public base::HttpClient {
 public:
  void Script(std::deque<base::Result<base::HttpClientResponse>> answers);
  void ScriptMail(std::deque<base::Result<void>> answers);
  std::vector<base::HttpClientRequest> requests() const;
  std::vector<base::MailAttempt> mails() const;

  void StartSend(base::HttpClientRequest request, Done done) override;
  base::Result<base::HttpClientResponse> Send(base::HttpClientRequest request, std::stop_token stop) override;
  base::Result<void> SendMail(base::MailAttempt mail, std::stop_token stop) override;

 private:
  mutable std::mutex mutex_;
  std::deque<base::Result<base::HttpClientResponse>> answers_ = {base::HttpClientResponse{200, {}, "ok"}};
  std::deque<base::Result<void>> mail_answers_ = {base::Result<void>()};
  std::vector<base::HttpClientRequest> requests_;
  std::vector<base::MailAttempt> mails_;
};

}  // namespace alertmanager
