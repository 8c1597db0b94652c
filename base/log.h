#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

// Structured log lines on standard error, as Prometheus writes them:
//   time=2026-11-21T00:00:00.000Z level=WARN msg="cannot reach the target" target=main error="…"
// or one JSON object a line. Thread-safe. Secrets never come here: what is logged about a URL goes through
// base::RedactUrl first.

namespace base {

enum class LogLevel : uint8_t { debug, info, warn, error };
enum class LogFormat : uint8_t { logfmt, json };

struct LogField {
  LogField(std::string_view name, std::string_view content) : key(name), value(content) {}
  LogField(std::string_view name, const char* content) : key(name), value(content) {}
  LogField(std::string_view name, const std::string& content) : key(name), value(content) {}
  LogField(std::string_view name, const Error& error) : key(name), value(error.ToString()) {}
  LogField(std::string_view name, bool content) : key(name), value(content ? "true" : "false") {}
  template <class Number>
    requires std::is_arithmetic_v<Number>
  LogField(std::string_view name, Number content) : key(name), value(std::to_string(content)) {}
  std::string_view key;
  std::string value;
};
using LogFields = std::initializer_list<LogField>;

// Until ConfigureLog is called: info and above, logfmt.
void ConfigureLog(LogLevel level, LogFormat format);
Result<LogLevel> ParseLogLevel(std::string_view text);
Result<LogFormat> ParseLogFormat(std::string_view text);

void Log(LogLevel level, std::string_view message, std::span<const LogField> fields);
inline void Log(LogLevel level, std::string_view message, LogFields fields = {}) {
  Log(level, message, std::span(fields.begin(), fields.size()));
}
inline void LogDebug(std::string_view message, LogFields fields = {}) { Log(LogLevel::debug, message, fields); }
inline void LogInfo(std::string_view message, LogFields fields = {}) { Log(LogLevel::info, message, fields); }
inline void LogWarn(std::string_view message, LogFields fields = {}) { Log(LogLevel::warn, message, fields); }
inline void LogError(std::string_view message, LogFields fields = {}) { Log(LogLevel::error, message, fields); }

// The line itself, without its time; what Log writes. For tests.
std::string FormatLogLine(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                          std::span<const LogField> fields);
inline std::string FormatLogLine(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                                 LogFields fields) {
  return FormatLogLine(format, time, level, message, std::span(fields.begin(), fields.size()));
}

}  // namespace base
