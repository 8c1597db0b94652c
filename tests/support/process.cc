#include "tests/support/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "base/text.h"

namespace test {
namespace {

// Debian's own interpreter has Debian's python3-* packages; another one first in PATH may not.
constexpr std::string_view kPython = "/usr/bin/python3";

int ExitCode(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const std::string output = (directory_.path() / "output").string();
  const int out = open(output.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) throw std::runtime_error("cannot write " + output);
  pid_ = fork();
  if (pid_ == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  close(out);
  if (pid_ < 0) throw std::runtime_error("cannot start " + command.front());
}

ChildProcess::~ChildProcess() {
  if (pid_ <= 0 || status_ >= 0) return;
  kill(pid_, SIGTERM);
  const auto ended = [this] { return waitpid(pid_, &status_, WNOHANG) == pid_; };
  if (WaitFor(ended)) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);
}

std::string ChildProcess::Output() const { return ReadFile(directory_.path() / "output"); }

bool ChildProcess::WaitForOutput(std::string_view text) const {
  return WaitFor([&] { return Output().find(text) != std::string::npos; });
}

int ChildProcess::Wait() {
  if (status_ < 0) waitpid(pid_, &status_, 0);
  return ExitCode(status_);
}

ScriptedSink::ScriptedSink(const std::string& script, std::vector<std::string> options) {
  std::vector<std::string> command = {std::string(kPython),
                                      ProjectFile("tests/support/" + script).string(),
                                      "--port",
                                      "0",
                                      "--out",
                                      (directory_.path() / "records").string()};
  command.insert(command.end(), options.begin(), options.end());
  process_ = std::make_unique<ChildProcess>(command);
  constexpr std::string_view kReady = "listening on 127.0.0.1:";
  if (!process_->WaitForOutput("\n") || !process_->Output().starts_with(kReady)) {
    throw std::runtime_error(script + " did not start: " + process_->Output());
  }
  port_ = std::stoi(process_->Output().substr(kReady.size()));
}

std::vector<std::string> ScriptedSink::Records() const {
  std::string text = ReadFile(directory_.path() / "records");
  text.resize(text.rfind('\n') + 1);  // a line may be half written
  std::vector<std::string> records;
  for (const std::string_view line : base::Split(text, '\n')) {
    if (!line.empty()) records.emplace_back(line);
  }
  return records;
}

bool ScriptedSink::WaitForRecords(size_t count) const {
  return WaitFor([&] { return Records().size() >= count; });
}

TestCertificate::TestCertificate(const std::filesystem::path& directory)
    : cert_file((directory / "cert.pem").string()), key_file((directory / "key.pem").string()) {
  ChildProcess openssl({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,DNS:mail.example.com,IP:127.0.0.1", "-keyout", key_file, "-out",
                        cert_file});
  if (openssl.Wait() != 0) throw std::runtime_error("openssl: " + openssl.Output());
}

}  // namespace test
