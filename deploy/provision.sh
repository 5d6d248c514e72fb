#!/bin/bash
# Makes or mends every database and its two roles, by the same SQL as the embedded deployment. Runs at every start.
set -euo pipefail
secrets=/run/secrets
export PGHOST=postgres PGUSER=postgres PGDATABASE=postgres PGCONNECT_TIMEOUT=5
PGPASSWORD=$(cat "$secrets/postgres")
export PGPASSWORD

for database in gateway policy profile profile_keys matching; do
  OWNER_PASSWORD=$(cat "$secrets/${database}_owner") APP_PASSWORD=$(cat "$secrets/${database}_app") \
    psql -X -q -v database="$database" -v owner="${database}_owner" -v app="${database}_app" -f /provision.sql
  echo "$database: ready"
done
