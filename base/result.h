#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

// Errors are values. A function that can fail returns Result<T>; no exception crosses a room's boundary.

namespace base {

enum class ErrorCode : uint8_t {
  invalid_argument,  // the caller's input is wrong; trying again changes nothing
  not_found,
  unavailable,  // a peer is down, refuses or is overloaded; trying again may help
  timeout,
  cancelled,
  limit_exceeded,
  corrupt,
  internal,
};

std::string_view ToString(ErrorCode code);

// A place in a text a person wrote. Lines and columns count from 1; columns count bytes.
struct SourcePosition {
  std::string file;
  int line = 0;
  int column = 0;

  bool operator==(const SourcePosition&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  // what was being done, to what, and why it failed
  std::optional<SourcePosition> where;

  // "file:line:column: message", or the message alone
  std::string ToString() const;
  bool operator==(const Error&) const = default;
};

// Named so that call sites read `return Invalid("…")`.
std::unexpected<Error> Fail(ErrorCode code, std::string message);
std::unexpected<Error> Invalid(std::string message);
std::unexpected<Error> Unavailable(std::string message);

// A value or an Error. Ignoring one is a compiler warning.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

}  // namespace base

// Takes the value of a Result or returns its error from the enclosing function: TRY(auto file, Open(path));
#define TOCSIN_CONCAT_(a, b) a##b
#define TOCSIN_CONCAT(a, b) TOCSIN_CONCAT_(a, b)
#define TRY(declaration, expression) TRY_IMPL_(TOCSIN_CONCAT(try_result_, __LINE__), declaration, expression)
#define TRY_IMPL_(result, declaration, expression)                             \
  auto result = (expression);                                                  \
  if (!result) return std::unexpected<base::Error>(std::move(result).error()); \
  declaration = std::move(*result)
// The same for Result<void>.
#define TRY_VOID(expression) \
  if (auto try_void = (expression); !try_void) return std::unexpected<base::Error>(std::move(try_void).error())
