#pragma once

#include <atomic>
#include <map>
#include <thread>

namespace test {

// Forwards connections to a port of 127.0.0.1, and can stop doing so: the network that drops every packet. While it is
// frozen connections stay open, new ones are taken by the kernel, and nothing arrives.
class TcpProxy {
 public:
  explicit TcpProxy(int to_port);  // throws if it cannot listen
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }
  int accepted() const { return accepted_; }  // connections so far
  void Freeze();                              // nothing is forwarded any more when it returns
  void Thaw();

 private:
  void Run(const std::stop_token& stop);
  void Accept();
  void Forward(int from);
  void Close(int socket);
  void Wake();

  const int to_port_;
  int port_ = 0;
  int listener_ = -1;
  int wake_ = -1;
  std::map<int, int> peers_;  // each open socket and the other end's; used by the thread alone
  std::atomic<int> accepted_ = 0;
  std::atomic<bool> frozen_ = false;
  std::atomic<bool> resting_ = false;  // the thread has seen frozen_
  std::jthread thread_;
};

}  // namespace test
