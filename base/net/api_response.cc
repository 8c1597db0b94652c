#include "base/net/api_response.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace base {
namespace {

struct ErrorTypeRow {
  std::string_view name;
  int status;
};
constexpr std::array<ErrorTypeRow, 7> kErrorTypes = {{
    {"bad_data", 400},
    {"execution", 422},
    {"canceled", 499},
    {"timeout", 503},
    {"internal", 500},
    {"not_found", 404},
    {"unavailable", 500},
}};
const ErrorTypeRow& RowOf(ApiErrorType type) { return kErrorTypes.at(static_cast<size_t>(type)); }

// Beyond these a span or an instant does not fit into 64 bits of nanoseconds.
constexpr double kMostSeconds = 9.2e9;
constexpr double kExactIntegers = 9007199254740992;  // 2^53

void WriteTexts(JsonWriter& json, std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  json.Key(key).BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

HttpResponse Json(int status, std::string body) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

}  // namespace

std::string_view ToString(ApiErrorType type) { return RowOf(type).name; }

HttpResponse ApiSuccess(const std::function<void(JsonWriter&)>& write, const std::vector<std::string>& warnings,
                        const std::vector<std::string>& infos) {
  JsonWriter json;
  json.BeginObject().Key("status").String("success").Key("data");
  write(json);
  WriteTexts(json, "warnings", warnings);
  WriteTexts(json, "infos", infos);
  json.EndObject();
  return Json(200, std::move(json).Take());
}

HttpResponse ApiError(ApiErrorType type, std::string_view message) {
  JsonWriter json;
  json.BeginObject().Key("status").String("error").Key("errorType").String(ToString(type));
  json.Key("error").String(message).EndObject();
  return Json(RowOf(type).status, std::move(json).Take());
}

HttpResponse ApiBadParameter(std::string_view name, std::string_view message) {
  return ApiError(ApiErrorType::bad_data, fmt::format("invalid parameter {}: {}", Quote(name), message));
}

void AppendApiTime(std::string& out, Timestamp time) {
  int64_t milliseconds = time.time_since_epoch().count();
  if (milliseconds < 0) {
    out += '-';
    milliseconds = -milliseconds;
  }
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), milliseconds / 1000).ptr;
  out.append(buffer.data(), end);
  const int64_t fraction = milliseconds % 1000;
  if (fraction == 0) return;
  out += '.';
  out += static_cast<char>('0' + fraction / 100);
  out += static_cast<char>('0' + fraction / 10 % 10);
  out += static_cast<char>('0' + fraction % 10);
}

void AppendApiValue(std::string& out, double value) {
  const double size = std::abs(value);
  std::array<char, 40> buffer{};
  if (size < kExactIntegers && std::trunc(value) == value && !(value == 0 && std::signbit(value))) {
    out.append(buffer.data(),
               std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<int64_t>(value)).ptr);
  } else if (size >= 1e-6 && size < kExactIntegers) {
    out.append(buffer.data(),
               std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed).ptr);
  } else {
    out += FormatSampleValue(value);
  }
}

Result<Timestamp> ParseApiTime(std::string_view text, std::string_view name) {
  if (const auto seconds = ParseFloat(text); seconds && std::abs(*seconds) <= kMostSeconds) {
    return TimestampFromSeconds(*seconds);
  }
  if (auto time = ParseRfc3339(text)) return *time;
  const std::string named = name.empty() ? "" : fmt::format("invalid time value for '{}': ", name);
  return Invalid(fmt::format("{}cannot parse {} to a valid timestamp", named, Quote(text)));
}

Result<Duration> ParseApiDuration(std::string_view text) {
  if (const auto seconds = ParseFloat(text)) {
    if (std::abs(*seconds) <= kMostSeconds) return DurationFromSeconds(*seconds);
    return Invalid(fmt::format("cannot parse {} to a valid duration. It overflows int64", Quote(text)));
  }
  if (auto duration = ParseDuration(text)) return *duration;
  return Invalid(fmt::format("cannot parse {} to a valid duration", Quote(text)));
}

Result<size_t> ParseApiLimit(std::string_view text, size_t absent) {
  if (text.empty()) return absent;
  const auto limit = ParseInteger(text);
  if (!limit)
    return Invalid(fmt::format("strconv.Atoi: parsing {}: invalid syntax", Quote(text)));  // Prometheus' words
  if (*limit < 0) return Invalid("limit must be non-negative");
  return static_cast<size_t>(*limit);
}

}  // namespace base
