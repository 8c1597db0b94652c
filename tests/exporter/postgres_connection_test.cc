#include "exporter/postgres_connection.h"

#include <gtest/gtest.h>

namespace exporter {
namespace {

TEST(PostgresConnection, ClassesOfConnectErrors) {
  const std::pair<const char*, FailureClass> cases[] = {
      {"could not translate host name \"db\" to address: Name or service not known", FailureClass::dns},
      {"connection to server at \"127.0.0.1\", port 1 failed: Connection refused", FailureClass::connection_refused},
      {"FATAL:  sorry, too many clients already", FailureClass::too_many_connections},
      {"FATAL:  no more connections allowed (max_client_conn)", FailureClass::too_many_connections},
      {"FATAL:  password authentication failed for user \"x\"", FailureClass::authentication},
      {"connection to server at \"10.0.0.1\", port 5432 failed: timeout expired", FailureClass::timeout},
      {"FATAL:  database \"x\" does not exist", FailureClass::missing_object},
      {"FATAL:  the database system is starting up", FailureClass::connection_lost},
  };
  for (const auto& [message, failure] : cases)
    EXPECT_EQ(ToString(ClassOfConnectError(message)), ToString(failure)) << message;
}

TEST(PostgresConnection, ClassesOfSqlStates) {
  const std::pair<const char*, const char*> cases[] = {
      {"57014", "cancelled"},
      {"55P03", "lock_timeout"},
      {"42501", "permission"},
      {"25006", "read_only"},
      {"42P01", "missing_object"},
      {"42704", "missing_object"},
      {"3D000", "missing_object"},
      {"42601", "syntax"},
      {"0A000", "syntax"},
      {"22012", "data"},
      {"40P01", "conflict"},
      {"40001", "conflict"},
      {"53100", "resources"},
      {"53200", "resources"},
      {"53300", "too_many_connections"},
      {"54001", "resources"},
      {"57P01", "connection_lost"},
      {"08006", "connection_lost"},
      {"28P01", "authentication"},
      {"58030", "server"},
      {"XX001", "server"},
      {"P0001", "other"},
      {"", "other"},
  };
  for (const auto& [state, failure] : cases) EXPECT_EQ(ToString(ClassOfSqlState(state, false)), failure) << state;
  EXPECT_EQ(ToString(ClassOfSqlState("57014", true)), "timeout");
}

TEST(PostgresConnection, FirstKeyword) {
  const std::pair<const char*, const char*> cases[] = {
      {"SHOW POOLS", "show"},      {"  show\tall;", "show"}, {"-- note\n/* a /* nested */ one */ Show x", "show"},
      {"SELECT 'show'", "select"}, {"showing", "showing"},   {"(SELECT 1)", ""},
      {"/* never ends", ""},       {"-- never ends", ""},    {"", ""},
  };
  for (const auto& [sql, word] : cases) EXPECT_EQ(FirstKeyword(sql), word) << sql;
}

}  // namespace
}  // namespace exporter
