#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/environment.h"
#include "app/roles.h"
#include "base/clock.h"
#include "base/net/http_server.h"
#include "base/result.h"
#include "promql/engine.h"

namespace app {

struct ProgramOptions {
  Roles roles;
  std::string config_file;
  bool alertmanager_file = false;  // config_file may be an alertmanager.yml instead of a tocsin.yml
  base::HttpServerOptions http;
  std::string external_url;    // links in messages start with it; no slash at the end (base/net/web_address.h)
  std::string link_path;       // the path of external_url: links within pages start with it
  std::string storage_path;    // "": nothing survives the process
  std::string datasource_url;  // in place of that of the configuration, if not ""
  promql::EngineOptions engine;
  bool remote_write_receiver = false;
  bool exemplar_storage = false;
  std::function<void()> quit;                       // what POST /-/quit calls; empty: it is not allowed
  std::map<std::string, std::string> flags;         // as they are in force, for /api/v1/status/flags
  base::Duration drain = std::chrono::seconds(10);  // how long stopping waits for notifications under way
};

// The composition root: makes the rooms' objects, hands each what it needs, and mounts their endpoints. Holds no logic
// of theirs. Parts are made in the order data flows and unmade in reverse.
class Program {
 public:
  // The errors are every mistake of the configuration, or why a part could not start; nothing is left running then.
  struct Failure {
    bool configuration = false;
    std::vector<base::Error> errors;
  };
  static std::expected<std::unique_ptr<Program>, Failure> Start(ProgramOptions options, const base::Clock& clock,
                                                                Environment environment);
  virtual ~Program() = default;

  // Reads the configuration again. On a mistake the old one goes on, and the mistakes are returned.
  virtual std::vector<base::Error> Reload() = 0;
  virtual std::vector<std::string> addresses() const = 0;
  // No new work, then up to `drain` for what is under way. The destructor does the rest.
  virtual void Stop() = 0;
};

}  // namespace app
