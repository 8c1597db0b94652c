#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.h"
#include "base/net/http_server.h"
#include "base/result.h"
#include "base/time.h"

// The envelope of Prometheus' HTTP API, and how it writes numbers. Pure.

namespace base {

// Prometheus' error types, each with its HTTP status.
enum class ApiErrorType : uint8_t { bad_data, execution, canceled, timeout, internal, not_found, unavailable };
std::string_view ToString(ApiErrorType type);

// {"status":"success","data":…}; `write` writes the data, one JSON value.
HttpResponse ApiSuccess(const std::function<void(JsonWriter&)>& write, const std::vector<std::string>& warnings = {},
                        const std::vector<std::string>& infos = {});
// {"status":"error","errorType":…,"error":…}
HttpResponse ApiError(ApiErrorType type, std::string_view message);
// invalid parameter "name": message
HttpResponse ApiBadParameter(std::string_view name, std::string_view message);

// Seconds with three decimals, or none where they are zero: 1435781451.780, 1435781430.
void AppendApiTime(std::string& out, Timestamp time);
// FormatSampleValue, without making a string of its own.
void AppendApiValue(std::string& out, double value);

// A time parameter: seconds (rounded to the millisecond) or RFC 3339. A duration: seconds, or as in PromQL. The errors
// are Prometheus': cannot parse "x" to a valid timestamp; where `name` is given, it names it.
Result<Timestamp> ParseApiTime(std::string_view text, std::string_view name = {});
Result<Duration> ParseApiDuration(std::string_view text);
// A count from 0 on; `absent` where the text is empty.
Result<size_t> ParseApiLimit(std::string_view text, size_t absent = 0);

}  // namespace base
