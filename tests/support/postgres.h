#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/support.h"

namespace test {

// A PostgreSQL cluster of its own in a temporary folder: free port of 127.0.0.1, user postgres without a password, no
// fsync, run by the unprivileged user postgres where the tests run as root. Starting takes about two seconds, so a test
// program shares one. Stopped and removed at the end.
class PostgresCluster {
 public:
  explicit PostgresCluster(std::string_view settings = "");  // lines for postgresql.conf; throws if it can't start
  ~PostgresCluster();
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // The one that a test program shares; started when first asked for. Stopped when the program ends.
  static PostgresCluster& Shared();

  int port() const { return port_; }
  std::string url(std::string_view database = "postgres", std::string_view user = "postgres") const;

  // Through psql. What it prints: rows as lines, columns parted by '|', without the last line end. Throws on an error.
  std::string Query(std::string_view sql, std::string_view database = "postgres") const;

  void Stop();
  void Start();
  pid_t postmaster() const;                               // the process that lets clients in
  void SetAuthentication(std::string_view pg_hba_lines);  // the whole file, reloaded

 private:
  TemporaryDirectory directory_;
  int port_;
};

// Stops a process (SIGSTOP) for as long as the object lives: a server that hangs.
class StoppedProcess {
 public:
  explicit StoppedProcess(pid_t pid);  // throws if there is none
  ~StoppedProcess();
  StoppedProcess(const StoppedProcess&) = delete;
  StoppedProcess& operator=(const StoppedProcess&) = delete;

 private:
  const pid_t pid_;
};

// A psql that stays connected and takes statements, such as one that holds a lock until it goes.
class PsqlSession {
 public:
  explicit PsqlSession(const PostgresCluster& cluster, std::string_view database = "postgres");
  ~PsqlSession();
  PsqlSession(const PsqlSession&) = delete;
  PsqlSession& operator=(const PsqlSession&) = delete;
  void Send(std::string_view sql);  // does not wait for its end

 private:
  std::FILE* pipe_;
};

}  // namespace test
