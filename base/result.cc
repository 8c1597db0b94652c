#include "base/result.h"

#include <fmt/format.h>

namespace base {

std::string_view ToString(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::unavailable:
      return "unavailable";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::cancelled:
      return "cancelled";
    case ErrorCode::limit_exceeded:
      return "limit_exceeded";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

std::string Error::ToString() const {
  if (!where) return message;
  return fmt::format("{}:{}:{}: {}", where->file, where->line, where->column, message);
}

std::unexpected<Error> Fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message), std::nullopt});
}
std::unexpected<Error> Invalid(std::string message) { return Fail(ErrorCode::invalid_argument, std::move(message)); }
std::unexpected<Error> Unavailable(std::string message) { return Fail(ErrorCode::unavailable, std::move(message)); }

}  // namespace base
