#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/net/transfer.h"

// Included by this folder's .cc files alone: it shows libcurl.

namespace base {

// One HTTP exchange, as HttpClient promises it.
class HttpTransfer : public Transfer {
 public:
  // `room` is the memory for the answer's body; `limit` is what is left of the request's timeout.
  HttpTransfer(std::shared_ptr<const HttpClientRequest> request, std::string room, Duration limit,
               std::string user_agent, HttpClient::Done done)
      : response_{.body = std::move(room)},
        shared_request_(std::move(request)),
        request_(*shared_request_),
        limit_(limit),
        user_agent_(std::move(user_agent)),
        done_(std::move(done)) {
    response_.body.clear();
  }

  Result<void> Prepare() override;
  void Finish(CURLcode code) override;
  void Abandon(Error why) override {
    why.message = Message(why.message);
    done_(std::unexpected(std::move(why)));
  }

 private:
  static size_t OnHeader(const char* data, size_t size, size_t count, void* self);
  static size_t OnBody(const char* data, size_t size, size_t count, void* self);

  Result<void> SetUrl();
  Result<void> SetHeaders();
  Result<void> SetProxy();
  void SetBody();
  void Reserve();
  bool StatusDecides() const;
  Result<void> Unpack();
  Error TooLarge() const;
  std::string Message(std::string_view what) const {
    return fmt::format("{} {}: {}", request_.method, RedactUrl(request_.url, request_.secret_url), what);
  }

  HttpClientResponse response_;
  const std::shared_ptr<const HttpClientRequest> shared_request_;
  const HttpClientRequest& request_;
  const Duration limit_;
  const std::string user_agent_;
  const HttpClient::Done done_;
  size_t head_bytes_ = 0;
  bool head_complete_ = false;  // of the answer at hand
  size_t dropped_bytes_ = 0;
  bool too_large_ = false;
  std::string host_header_;
};

}  // namespace base
