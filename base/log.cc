#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace base {
namespace {

std::atomic<LogFormat> log_format = LogFormat::logfmt;

std::string_view Upper(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warn:
      return "WARN";
    case LogLevel::error:
      return "ERROR";
  }
  return "INFO";
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& Lines() {
  static const std::shared_ptr<spdlog::logger> lines = [] {
    auto logger = std::make_shared<spdlog::logger>("tocsin", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_pattern("%v");
    logger->flush_on(spdlog::level::debug);
    return logger;
  }();
  return *lines;
}

std::string LogfmtValue(std::string_view value) {
  const bool plain =
      !value.empty() && IsValidUtf8(value) && value.find_first_of(" =\"\\\t\n\r") == std::string_view::npos;
  return plain ? std::string(value) : Quote(value);
}

}  // namespace

void ConfigureLog(LogLevel level, LogFormat format) {
  log_format = format;
  Lines().set_level(ToSpdlog(level));
}

Result<LogLevel> ParseLogLevel(std::string_view text) {
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    if (ToLower(Upper(level)) == text) return level;
  }
  return Invalid(fmt::format("unknown log level \"{}\" (one of debug, info, warn, error)", text));
}

Result<LogFormat> ParseLogFormat(std::string_view text) {
  if (text == "logfmt") return LogFormat::logfmt;
  if (text == "json") return LogFormat::json;
  return Invalid(fmt::format("unknown log format \"{}\" (one of logfmt, json)", text));
}

std::string FormatLogLine(LogFormat format, std::string_view time, LogLevel level, std::string_view message,
                          std::span<const LogField> fields) {
  if (format == LogFormat::json) {
    nlohmann::ordered_json line;
    line["time"] = time;
    line["level"] = Upper(level);
    line["msg"] = message;
    for (const LogField& field : fields) line[std::string(field.key)] = field.value;
    return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  std::string line = fmt::format("time={} level={} msg={}", time, Upper(level), LogfmtValue(message));
  for (const LogField& field : fields) line += fmt::format(" {}={}", field.key, LogfmtValue(field.value));
  return line;
}

void Log(LogLevel level, std::string_view message, std::span<const LogField> fields) {
  spdlog::logger& lines = Lines();
  if (!lines.should_log(ToSpdlog(level))) return;
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(now - day);
  const std::string time =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                  clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
  lines.log(ToSpdlog(level), FormatLogLine(log_format, time, level, message, fields));
}

}  // namespace base
