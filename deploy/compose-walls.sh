#!/usr/bin/env bash
# Checks on running containers what compose.yaml promises: who can reach whom, and that nobody runs as root or writes
# to its own image. For deploy/compose-test.sh.
set -euo pipefail

reaches() { # FROM HOST PORT
  docker compose exec -T "$1" python -c "import socket; socket.create_connection(('$2', $3), 2)" >/dev/null 2>&1
}
must_reach() { reaches "$@" || { echo "wall: $1 does not reach $2:$3, but must" >&2; exit 1; }; }
must_not_reach() { if reaches "$@"; then echo "wall: $1 reaches $2:$3, but must not" >&2; exit 1; fi; }

for target in "policy-svc 8401" "profile-svc 8402" "matching-svc 8403" "postgres 5432"; do
  # shellcheck disable=SC2086 # a name and a port
  must_reach gateway $target
done
must_reach matching-svc gateway 8400
must_reach matching-svc policy-svc 8401
must_not_reach matching-svc profile-svc 8402
must_not_reach policy-svc 192.0.2.1 80
must_reach nginx gateway 8400
for target in "policy-svc 8401" "profile-svc 8402" "matching-svc 8403" "postgres 5432"; do
  # shellcheck disable=SC2086
  must_not_reach nginx $target
done

for service in nginx gateway policy-svc profile-svc matching-svc postgres; do
  [[ $(docker compose exec -T "$service" id -u) != 0 ]] || { echo "wall: $service runs as root" >&2; exit 1; }
  if ! docker compose exec -T "$service" grep -q '^[^ ]* / [^ ]* ro[, ]' /proc/mounts; then
    echo "wall: $service can write to its own image" >&2
    exit 1
  fi
done

published=$(docker ps --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --format '{{.Ports}}' | grep -o '[0-9.:]*->' | sort -u)
[[ $published == "127.0.0.1:$STENA_PORT->"$'\n'"127.0.0.1:$STENA_HTTP_PORT->" ]] || { echo "wall: published are: $published" >&2; exit 1; }
echo "The walls between the containers stand."
