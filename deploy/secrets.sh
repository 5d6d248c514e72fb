#!/usr/bin/env bash
# Makes the secrets of the container deployment in a folder (default: deploy/secrets); those that exist stay as they are.
# Then gives them to the users who read them inside the containers. Usage: deploy/secrets.sh [FOLDER]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/secrets}
mkdir -p -m 0700 "$folder"
folder=$(cd "$folder" && pwd)

if [[ -x $here/../.venv/bin/stena ]]; then
  "$here/../.venv/bin/stena" secrets "$folder" >/dev/null
else
  docker build -q -f "$here/Dockerfile" --build-arg SERVICE=gateway -t stena-gateway "$here/.." >/dev/null
  docker run --rm --user "$(id -u):$(id -g)" --volume "$folder:/secrets" stena-gateway stena secrets /secrets >/dev/null
fi

if [[ $(id -u) == 0 ]]; then
  chown -R 10001:10001 "$folder"
  # Read by PostgreSQL itself (user 999 of its image) and by the job that makes the databases.
  chown 999:10001 "$folder/passwords/postgres"
  chmod 0440 "$folder/passwords/postgres"
else
  # Without root the files stay yours, so the services run as you.
  printf 'STENA_USER=%s:%s\n' "$(id -u)" "$(id -g)" >"$here/.env"
fi

echo "The secrets are in $folder. Whoever reads them can read the people: keep a copy in a safe place."
