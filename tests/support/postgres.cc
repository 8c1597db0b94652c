#include "tests/support/postgres.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace test {
namespace {

std::string Quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

struct CommandOutput {
  int status = 0;
  std::string text;
};

CommandOutput RunCommand(const std::string& command) {
  std::FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  CommandOutput output;
  char buffer[4096];
  for (size_t size = 0; (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.text.append(buffer, size);
  output.status = pclose(pipe);
  while (output.text.ends_with('\n')) output.text.pop_back();
  return output;
}

void MustRun(const std::string& command) {
  const CommandOutput output = RunCommand(command + " 2>&1");
  if (output.status != 0) throw std::runtime_error(command + " failed: " + output.text);
}

// Debian keeps the server's programs out of the PATH, in a folder per version.
std::string ServerPrograms() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
    if (std::filesystem::exists(entry.path() / "bin" / "initdb")) found.push_back((entry.path() / "bin/").string());
  }
  return found.empty() ? "" : *std::max_element(found.begin(), found.end());
}

std::string AsServerUser(const std::string& command) {
  return (getuid() == 0 ? "cd / && runuser -u postgres -- " : "") + command;
}

}  // namespace

PostgresCluster::PostgresCluster(std::string_view settings) : port_(FreePort()) {
  const std::string folder = directory_.path().string();
  if (getuid() == 0) MustRun("chown postgres " + folder);
  MustRun(AsServerUser(ServerPrograms() + "initdb --no-sync -A trust -E UTF8 --locale=C.UTF-8 -U postgres -D " +
                       folder + "/data"));
  std::ofstream(folder + "/data/postgresql.conf", std::ios::app)
      << "listen_addresses = '127.0.0.1'\nport = " << port_ << "\nunix_socket_directories = ''\n"
      << "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nshared_buffers = 32MB\n"
      << "max_connections = 40\nmax_wal_size = 256MB\nlog_min_messages = fatal\n"
      << settings << '\n';
  Start();
}

PostgresCluster::~PostgresCluster() {
  try {
    Stop();
  } catch (const std::exception&) {  // stopped already
  }
}

PostgresCluster& PostgresCluster::Shared() {
  static PostgresCluster cluster;
  return cluster;
}

std::string PostgresCluster::url(std::string_view database, std::string_view user) const {
  return fmt::format("postgresql://{}@127.0.0.1:{}/{}", user, port_, database);
}

std::string PostgresCluster::Query(std::string_view sql, std::string_view database) const {
  const CommandOutput output =
      RunCommand(fmt::format("psql -XqAt -v ON_ERROR_STOP=1 -d {} -c {} 2>&1", Quoted(url(database)), Quoted(sql)));
  if (output.status != 0) throw std::runtime_error(fmt::format("psql: {}: {}", sql, output.text));
  return output.text;
}

void PostgresCluster::Start() {
  const std::string folder = directory_.path().string();
  MustRun(AsServerUser(
      fmt::format("{}pg_ctl -D {}/data -l {}/log -w -t 300 start >/dev/null", ServerPrograms(), folder, folder)));
}

void PostgresCluster::Stop() {
  MustRun(AsServerUser(fmt::format("{}pg_ctl -D {}/data -m immediate -w stop >/dev/null", ServerPrograms(),
                                   directory_.path().string())));
}

pid_t PostgresCluster::postmaster() const { return std::stoi(ReadFile(directory_.path() / "data" / "postmaster.pid")); }

void PostgresCluster::SetAuthentication(std::string_view pg_hba_lines) {
  std::ofstream(directory_.path() / "data" / "pg_hba.conf") << pg_hba_lines << '\n';
  MustRun(
      AsServerUser(fmt::format("{}pg_ctl -D {}/data reload >/dev/null", ServerPrograms(), directory_.path().string())));
}

StoppedProcess::StoppedProcess(pid_t pid) : pid_(pid) {
  if (kill(pid_, SIGSTOP) != 0) throw std::runtime_error(fmt::format("cannot stop process {}", pid_));
}

StoppedProcess::~StoppedProcess() { kill(pid_, SIGCONT); }

PsqlSession::PsqlSession(const PostgresCluster& cluster, std::string_view database)
    : pipe_(popen(fmt::format("psql -XqAt -d {} >/dev/null 2>&1", Quoted(cluster.url(database))).c_str(), "w")) {
  if (pipe_ == nullptr) throw std::runtime_error("cannot run psql");
}

PsqlSession::~PsqlSession() { pclose(pipe_); }

void PsqlSession::Send(std::string_view sql) {
  fwrite(sql.data(), 1, sql.size(), pipe_);
  fputs(";\n", pipe_);
  fflush(pipe_);
}

}  // namespace test
