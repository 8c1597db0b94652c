#include "base/net/http.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"

namespace base {
namespace {

constexpr std::string_view kHidden = "xxxxx";

bool SameName(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool IsPort(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Where user and password end ('@'), counted in `rest`, the URL after "://"; npos if there are none. A password may
// hold an unescaped '/' or '?', so an authority that is no "host:port" is taken to go on until the last '@'.
size_t UserInfoEnd(std::string_view rest) {
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) return at;
  const size_t colon = authority.find(':');
  const bool host_and_port =
      authority.starts_with('[') || colon == std::string_view::npos || IsPort(authority.substr(colon + 1));
  return host_and_port ? std::string_view::npos : rest.rfind('@');
}

std::string RedactQuery(std::string_view query) {
  std::string redacted;
  for (const std::string_view part : Split(query, '&')) {
    if (!redacted.empty()) redacted += '&';
    const size_t equals = part.find('=');
    // a part without '=' is a value as much as a name
    if (equals == std::string_view::npos) {
      redacted += kHidden;
    } else {
      redacted.append(part.substr(0, equals + 1)).append(kHidden);
    }
  }
  return redacted;
}

// The q of one "token;q=0.5" part; 1 where none is given or it makes no sense.
double Quality(std::string_view parameters) {
  for (const std::string_view part : Split(parameters, ';')) {
    const std::string_view parameter = Trim(part);
    if (parameter.starts_with("q=") || parameter.starts_with("Q=")) {
      return ParseFloat(Trim(parameter.substr(2))).value_or(1);
    }
  }
  return 1;
}

}  // namespace

std::string_view HttpHeaders::Get(std::string_view name) const {
  const auto at = std::ranges::find_if(headers_, [&](const auto& header) { return SameName(header.first, name); });
  return at == headers_.end() ? std::string_view() : std::string_view(at->second);
}

std::optional<HttpParameters> HttpParameters::Parse(std::string_view encoded) {
  HttpParameters parsed;
  for (const std::string_view part : Split(encoded, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    auto name = UnescapeUrl(part.substr(0, equals), true);
    auto value = UnescapeUrl(equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    parsed.Add(std::move(*name), std::move(*value));
  }
  return parsed;
}

void HttpParameters::Append(const HttpParameters& more) {
  parameters_.insert(parameters_.end(), more.parameters_.begin(), more.parameters_.end());
}

std::string_view HttpParameters::Get(std::string_view name) const {
  for (const auto& [key, value] : parameters_) {
    if (key == name) return value;
  }
  return {};
}

bool HttpParameters::Has(std::string_view name) const {
  return std::ranges::any_of(parameters_, [&](const auto& parameter) { return parameter.first == name; });
}

std::vector<std::string> HttpParameters::GetAll(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : parameters_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::string_view HttpReason(int status) {
  struct Reason {
    int status;
    std::string_view text;
  };
  constexpr std::array kReasons = {
      Reason{100, "Continue"},
      Reason{200, "OK"},
      Reason{201, "Created"},
      Reason{202, "Accepted"},
      Reason{204, "No Content"},
      Reason{301, "Moved Permanently"},
      Reason{302, "Found"},
      Reason{303, "See Other"},
      Reason{304, "Not Modified"},
      Reason{307, "Temporary Redirect"},
      Reason{308, "Permanent Redirect"},
      Reason{400, "Bad Request"},
      Reason{401, "Unauthorized"},
      Reason{403, "Forbidden"},
      Reason{404, "Not Found"},
      Reason{405, "Method Not Allowed"},
      Reason{406, "Not Acceptable"},
      Reason{408, "Request Timeout"},
      Reason{409, "Conflict"},
      Reason{410, "Gone"},
      Reason{411, "Length Required"},
      Reason{413, "Content Too Large"},
      Reason{414, "URI Too Long"},
      Reason{415, "Unsupported Media Type"},
      Reason{422, "Unprocessable Entity"},
      Reason{429, "Too Many Requests"},
      Reason{500, "Internal Server Error"},
      Reason{501, "Not Implemented"},
      Reason{502, "Bad Gateway"},
      Reason{503, "Service Unavailable"},
      Reason{504, "Gateway Timeout"},
  };
  const auto at = std::ranges::find(kReasons, status, &Reason::status);
  return at == kReasons.end() ? "Unknown" : at->text;
}

bool HeaderAccepts(std::string_view header, std::string_view token) {
  std::optional<bool> any;
  for (const std::string_view part : Split(header, ',')) {
    const size_t semicolon = part.find(';');
    const std::string_view name = Trim(part.substr(0, semicolon));
    const bool wanted = semicolon == std::string_view::npos || Quality(part.substr(semicolon + 1)) > 0;
    if (SameName(name, token)) return wanted;
    if (name == "*") any = wanted;
  }
  return any.value_or(false);
}

std::string RedactUrl(std::string_view url, bool hide_path) {
  std::string redacted;
  if (const size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    redacted = url.substr(0, scheme + 3);
    url.remove_prefix(scheme + 3);
  }
  if (const size_t end = UserInfoEnd(url); end != std::string_view::npos) {
    const bool password = url.substr(0, end).find(':') != std::string_view::npos;
    redacted.append(kHidden).append(password ? ":" : "").append(password ? kHidden : "").append("@");
    url.remove_prefix(end + 1);
  }
  if (const size_t fragment = url.find('#'); fragment != std::string_view::npos) url = url.substr(0, fragment);
  const size_t question = url.find('?');
  const std::string_view before_query = url.substr(0, question);
  const size_t path = before_query.find('/');
  const bool has_path = path != std::string_view::npos && path + 1 < before_query.size();
  if (hide_path && has_path) {
    redacted.append(before_query.substr(0, path + 1)).append(kHidden);
  } else {
    redacted.append(before_query);
  }
  if (question != std::string_view::npos) redacted.append("?").append(RedactQuery(url.substr(question + 1)));
  return redacted;
}

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  encoded.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) {
      group = (group << 8) | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (size_t i = 0; i < 4; ++i) {
      encoded += at + i > bytes.size() ? '=' : kDigits[(group >> (18 - 6 * i)) & 63];
    }
  }
  return encoded;
}

}  // namespace base
