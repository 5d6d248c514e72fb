#!/usr/bin/env bash
# Makes the secrets of the container deployment in a folder (default: STENA_SECRETS, else deploy/secrets); those that exist stay as they are.
# Then gives them to the users who read them inside the containers. Usage: deploy/secrets.sh [FOLDER]
# Put your own certificate and key into FOLDER/tls as tls.crt and tls.key before, or instead later; else there is one that is
# signed by itself, for the name in STENA_NAME (default: localhost).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${STENA_SECRETS:-$here/secrets}}
mkdir -p -m 0700 "$folder"
folder=$(cd "$folder" && pwd)
name=${STENA_NAME:-localhost}

if [[ -x $here/../.venv/bin/stena ]]; then
  "$here/../.venv/bin/stena" secrets "$folder" --tls "$name" >/dev/null
else
  docker build -q -f "$here/Dockerfile" --build-arg SERVICE=gateway -t stena-gateway "$here/.." >/dev/null
  docker run --rm --user "$(id -u):$(id -g)" --volume "$folder:/secrets" stena-gateway stena secrets /secrets --tls "$name" >/dev/null
fi

if [[ $(id -u) == 0 ]]; then
  chown -R 10001:10001 "$folder"
  # Read by PostgreSQL itself (user 999 of its image) and by the job that makes the databases.
  chown 999:10001 "$folder/passwords/postgres"
  chmod 0440 "$folder/passwords/postgres"
else
  # Without root the files stay yours, so the services run as you; and PostgreSQL, which does not, reads its password in a
  # folder that nobody else may enter.
  chmod 0444 "$folder/passwords/postgres"
  printf 'STENA_USER=%s:%s\n' "$(id -u)" "$(id -g)" >"$here/.env"
fi

echo "The secrets are in $folder. Whoever reads them can read the people: keep a copy in a safe place."
