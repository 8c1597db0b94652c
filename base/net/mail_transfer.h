#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/net/transfer.h"

// Included by this folder's .cc files alone: it shows libcurl.

namespace base {

// One mail, as HttpClient promises it, over a connection of its own.
class MailTransfer : public Transfer {
 public:
  MailTransfer(MailAttempt mail, std::function<void(Result<void>)> done)
      : mail_(std::move(mail)), done_(std::move(done)) {}

  Result<void> Prepare() override;
  void Finish(CURLcode code) override;
  void Abandon(Error why) override {
    why.message = Message(why.message);
    done_(std::unexpected(std::move(why)));
  }

 private:
  Result<void> SetServer();
  void SetLogin();
  void SetEnvelope();
  static size_t OnRead(char* buffer, size_t size, size_t count, void* self);
  static int OnTalk(CURL* handle, curl_infotype kind, char* data, size_t size, void* self);

  std::string Message(std::string_view what) const {
    return fmt::format("mail to {}:{}: {}", mail_.host, mail_.port, what);
  }

  const MailAttempt mail_;
  const std::function<void(Result<void>)> done_;
  size_t sent_ = 0;
  std::string refusal_;  // the server's first reply of 4xx or 5xx
};

}  // namespace base
