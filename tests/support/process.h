#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/support.h"

// Other programs that tests talk to.

namespace test {

// A program started by the test and ended (SIGTERM, then SIGKILL) with the object. Its standard output and error are
// kept.
class ChildProcess {
 public:
  // The first word is looked up in PATH. Throws where it cannot be started.
  explicit ChildProcess(const std::vector<std::string>& command);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  std::string Output() const;
  bool WaitForOutput(std::string_view text) const;
  // Waits for its end; the exit code, or 128 + the signal.
  int Wait();

 private:
  TemporaryDirectory directory_;
  pid_t pid_ = -1;
  int status_ = -1;
};

// tests/support/smtp_sink.py or http_sink.py on a free port of 127.0.0.1, ready when the constructor returns.
class ScriptedSink {
 public:
  ScriptedSink(const std::string& script, std::vector<std::string> options);
  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // What it recorded so far: one JSON object each.
  std::vector<std::string> Records() const;
  bool WaitForRecords(size_t count) const;

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<ChildProcess> process_;
  int port_ = 0;
};

// A certificate for localhost and 127.0.0.1, signed by itself, made with openssl.
struct TestCertificate {
  explicit TestCertificate(const std::filesystem::path& directory);
  std::string cert_file;
  std::string key_file;
};

}  // namespace test
