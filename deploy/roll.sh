#!/usr/bin/env bash
# Replaces the containers of services by new ones, of the images and settings of now, one after the other and without losing
# a call: a new one first, and when it is ready an old one leaves. Usage: deploy/roll.sh SERVICE…
set -euo pipefail
cd "$(dirname "$0")/.."
export COMPOSE_FILE=${COMPOSE_FILE:-deploy/compose.yaml}

healthy() { # as many as are wanted
  local number=0 id
  for id in $(docker compose ps -q "$1"); do
    [[ $(docker inspect --format '{{.State.Health.Status}}' "$id") != healthy ]] || number=$((number + 1))
  done
  ((number == $2))
}

for service; do
  mapfile -t old < <(docker compose ps -q "$service")
  ((${#old[@]})) || { echo "roll: $service does not run." >&2; exit 1; }
  for container in "${old[@]}"; do
    docker compose up --detach --no-deps --no-build --no-recreate --scale "$service=$((${#old[@]} + 1))" "$service"
    until=$((SECONDS + 120))
    until healthy "$service" $((${#old[@]} + 1)); do
      ((SECONDS < until)) || { echo "roll: a new $service is not healthy; the old ones still run." >&2; exit 1; }
      sleep 0.5
    done
    # It says that it leaves, goes on answering for seconds, ends what it has begun, and then itself.
    docker stop "$container" >/dev/null
    docker rm "$container" >/dev/null
  done
  echo "$service: ${#old[@]} replaced."
done
