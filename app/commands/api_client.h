#pragma once

#include <string>

#include "base/result.h"

namespace app {

// GETs an endpoint of Prometheus' API and returns the JSON text of its `data`. Its own error is unavailable, with the
// server's words.
base::Result<std::string> AskApi(const std::string& url);

}  // namespace app
