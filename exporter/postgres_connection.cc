#include "exporter/postgres_connection.h"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/text.h"
#include "exporter/target.h"

namespace exporter {
namespace {

std::string KeywordValue(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// Behind white space, "-- …" to the line's end and "/* … */", which nests.
std::string_view SkipComments(std::string_view sql) {
  for (;;) {
    sql = base::Trim(sql);
    if (sql.starts_with("--")) {
      sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
    } else if (sql.starts_with("/*")) {
      int depth = 0;
      size_t at = 0;
      do {
        const std::string_view two = sql.substr(at, 2);
        depth += two == "/*" ? 1 : two == "*/" ? -1 : 0;
        at += two == "/*" || two == "*/" ? 2 : 1;
      } while (depth > 0 && at < sql.size());
      sql.remove_prefix(std::min(at, sql.size()));
    } else {
      return sql;
    }
  }
}

}  // namespace

base::Result<ConnectionText> BuildConnectionText(const std::string& url, const std::string& password,
                                                 base::Duration timeout) {
  PQconninfoOption* const options = PQconninfoParse(url.c_str(), nullptr);
  if (options == nullptr) return base::Invalid("malformed connection string");
  ConnectionText out;
  out.password = password;
  const auto add = [&](std::string_view key, std::string_view value) {
    out.text += fmt::format("{}={} ", key, KeywordValue(value));
  };
  std::vector<std::string_view> given;
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    const std::string_view key = option->keyword;
    if (key == "password" && !password.empty()) continue;
    if (key == "password") out.password = option->val;
    given.push_back(key);
    add(key, option->val);
  }
  if (!password.empty()) add("password", password);
  const auto seconds = std::max<int64_t>(2, std::chrono::ceil<std::chrono::seconds>(timeout).count());
  const std::pair<std::string_view, std::string> ours[] = {{"connect_timeout", std::to_string(seconds)},
                                                           {"application_name", "tocsin"},
                                                           {"client_encoding", "UTF8"},
                                                           {"tcp_user_timeout", "10000"},
                                                           {"keepalives_idle", "10"},
                                                           {"keepalives_interval", "5"},
                                                           {"keepalives_count", "2"}};
  for (const auto& [key, value] : ours) {
    if (std::find(given.begin(), given.end(), key) == given.end()) add(key, value);
  }
  PQconninfoFree(options);
  return out;
}

base::Result<void> CheckPostgresUrl(const std::string& url) {
  TRY(const ConnectionText ignored, BuildConnectionText(url, "", base::Duration(0)));
  return {};
}

std::string CleanMessage(std::string message, const std::string& password) {
  if (!password.empty()) message = base::ReplaceAll(std::move(message), password, "xxxxx");
  message = std::string(base::Trim(message));
  return base::ReplaceAll(std::move(message), "\n", " ");
}

FailureClass ClassOfConnectError(std::string_view message) {
  static constexpr std::pair<std::string_view, FailureClass> kWords[] = {
      {"could not translate host name", FailureClass::dns},
      {"too many clients", FailureClass::too_many_connections},
      {"too many connections", FailureClass::too_many_connections},
      {"remaining connection slots", FailureClass::too_many_connections},
      {"no more connections allowed", FailureClass::too_many_connections},  // pgbouncer
      {"authentication failed", FailureClass::authentication},
      {"no password supplied", FailureClass::authentication},
      {"pg_hba.conf", FailureClass::authentication},
      {"role \"", FailureClass::authentication},
      {"database \"", FailureClass::missing_object},
      {"no such database", FailureClass::missing_object},  // pgbouncer
      {"permission denied", FailureClass::permission},
      {"timeout expired", FailureClass::timeout},
      {"query_wait_timeout", FailureClass::timeout},  // pgbouncer
      {"starting up", FailureClass::connection_lost},
      {"shutting down", FailureClass::connection_lost},
      {"closed the connection", FailureClass::connection_lost},
  };
  for (const auto& [words, failure] : kWords) {
    if (message.find(words) != std::string_view::npos) return failure;
  }
  return FailureClass::connection_refused;
}

// PostgreSQL's appendix "Error Codes".
FailureClass ClassOfSqlState(std::string_view state, bool out_of_time) {
  if (state == "57014") return out_of_time ? FailureClass::timeout : FailureClass::cancelled;
  if (state == "55P03") return FailureClass::lock_timeout;
  if (state == "42501") return FailureClass::permission;
  if (state == "25006") return FailureClass::read_only;
  if (state == "53300") return FailureClass::too_many_connections;
  static constexpr std::string_view kMissing[] = {"42P01", "42703", "42883", "42704", "3D000", "3F000"};
  if (std::ranges::find(kMissing, state) != std::end(kMissing)) return FailureClass::missing_object;
  static constexpr std::pair<std::string_view, FailureClass> kClasses[] = {
      {"0A", FailureClass::syntax},
      {"08", FailureClass::connection_lost},
      {"22", FailureClass::data},
      {"28", FailureClass::authentication},
      {"40", FailureClass::conflict},
      {"42", FailureClass::syntax},
      {"53", FailureClass::resources},
      {"54", FailureClass::resources},
      {"57P", FailureClass::connection_lost},
      {"58", FailureClass::server},
      {"F0", FailureClass::server},
      {"XX", FailureClass::server},
  };
  for (const auto& [prefix, failure] : kClasses) {
    if (state.starts_with(prefix)) return failure;
  }
  return FailureClass::other;
}

std::string FirstKeyword(std::string_view sql) {
  sql = SkipComments(sql);
  size_t size = 0;
  while (size < sql.size() && std::isalpha(static_cast<unsigned char>(sql[size])) != 0) ++size;
  return base::ToLower(sql.substr(0, size));
}

QueryError NoAnswer() { return {FailureClass::timeout, "the server did not answer in time; closed the connection"}; }

}  // namespace exporter
