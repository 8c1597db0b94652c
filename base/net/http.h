#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The words of HTTP that server and client share. Values.

namespace base {

// In order of appearance; names compare without case.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> headers) : headers_(headers) {}
  void Add(std::string name, std::string value) { headers_.emplace_back(std::move(name), std::move(value)); }
  std::string_view Get(std::string_view name) const;  // the first; "" if absent
  auto begin() const { return headers_.begin(); }
  auto end() const { return headers_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> headers_;
};

// Query string or form fields, decoded, repeated names kept.
class HttpParameters {
 public:
  // nullopt where an escape is malformed.
  static std::optional<HttpParameters> Parse(std::string_view encoded);
  void Add(std::string name, std::string value) { parameters_.emplace_back(std::move(name), std::move(value)); }
  void Append(const HttpParameters& more);
  std::string_view Get(std::string_view name) const;  // the first; "" if absent
  bool Has(std::string_view name) const;
  std::vector<std::string> GetAll(std::string_view name) const;
  auto begin() const { return parameters_.begin(); }
  auto end() const { return parameters_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

std::string_view HttpReason(int status);

// Whether a header such as Accept-Encoding: "gzip;q=0, br" accepts `token`, honouring q=0.
bool HeaderAccepts(std::string_view header, std::string_view token);

// The same URL with user, password and every query value replaced by "xxxxx", for messages and logs. Slack's webhook
// path is a secret too, so `hide_path` hides the path as well.
std::string RedactUrl(std::string_view url, bool hide_path = false);

std::string Base64(std::string_view bytes);
std::optional<std::string> Gunzip(std::string_view bytes, size_t limit);  // nullopt: malformed, or larger than limit
std::string Gzip(std::string_view bytes, int level = 1);

}  // namespace base
