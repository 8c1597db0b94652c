#pragma once

#include <string>

#include "app/command_line.h"
#include "base/net/http_options.h"
#include "base/result.h"

namespace app {

// GETs an endpoint of Prometheus' API and returns the JSON text of its `data`. Its own error is unavailable, with the
// server's words.
base::Result<std::string> AskApi(const std::string& url, const base::HttpOptions& options = {});

// --http.config.file, as promtool has it: how a server is spoken to.
Flag HttpConfigFlag();
// What that file says; the defaults where none is given. Errors: every mistake of the file.
base::Result<base::HttpOptions> ReadHttpConfig(const Invocation& invocation);

}  // namespace app
