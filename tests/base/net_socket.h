#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace test {

// One TCP connection of 127.0.0.1, for what a well-behaved library refuses to send.
class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}
  static RawConnection To(int port);
  ~RawConnection();
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  bool Write(std::string_view text) const;  // false once the peer is gone
  std::string Read() const;                 // what arrives next; "" at the end
  std::string ReadUntil(std::string_view mark) const;
  std::string ReadAll() const;

 private:
  int fd_;
};

// Hands each connection, one after the other, to `serve`.
class RawServer {
 public:
  explicit RawServer(std::function<void(const RawConnection&)> serve);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  int port() const { return port_; }

 private:
  int fd_ = -1;
  int port_ = 0;
  std::jthread thread_;
};

}  // namespace test
