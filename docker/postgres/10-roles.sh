#!/usr/bin/env bash
# Runs once, when the database is new: makes the role tocsin measures with. schema.sql grants it its rights.
set -euo pipefail
psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$POSTGRES_DB" \
  -v password="$(cat /run/secrets/tocsin_password)" <<'SQL'
CREATE ROLE tocsin LOGIN PASSWORD :'password';
SQL
