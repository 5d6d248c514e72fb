#!/usr/bin/env bash
# Brings the containers up beside whatever else runs, with secrets and volumes of their own, tells the story against
# them, or runs the command given as arguments, and takes everything down again. Fails when any part fails, or when no
# Docker engine answers.
set -euo pipefail
cd "$(dirname "$0")/.."

export COMPOSE_PROJECT_NAME=stena-test STENA_PORT=${STENA_PORT:-8400}
url=http://127.0.0.1:$STENA_PORT
export STENA_PUBLIC_URL=$url

if ! docker info >/dev/null 2>&1; then
  echo "compose-test: no Docker engine answers. Start one, or set DOCKER_HOST, and run this again." >&2
  exit 1
fi
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  echo "compose-test: neither \`docker compose\` nor docker-compose is installed." >&2
  exit 1
fi
# Without buildx the classic builder does it; both read the same Dockerfile.
if ! docker buildx version >/dev/null 2>&1; then
  export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
fi
compose+=(-f deploy/compose.yaml)

STENA_SECRETS=$(mktemp -d)
export STENA_SECRETS
take_down() {
  status=$?
  if [[ $status != 0 ]]; then
    "${compose[@]}" ps || true
    "${compose[@]}" logs --tail=30 || true
  fi
  "${compose[@]}" down --volumes --remove-orphans >/dev/null 2>&1 || status=1
  rm -rf "$STENA_SECRETS"
  exit "$status"
}
trap take_down EXIT

echo "Secrets …"
deploy/secrets.sh "$STENA_SECRETS"
echo "Images …"
"${compose[@]}" build --quiet gateway policy-svc profile-svc matching-svc
echo "Containers …"
started=$SECONDS
"${compose[@]}" up --detach --no-build
for service in policy-svc profile-svc gateway matching-svc; do
  until [[ $(docker inspect --format '{{.State.Health.Status}}' "$("${compose[@]}" ps -q "$service")") == healthy ]]; do
    if ((SECONDS - started > 120)); then
      echo "compose-test: $service is not healthy after two minutes." >&2
      exit 1
    fi
    sleep 0.5
  done
done
echo "All healthy after $((SECONDS - started)) s."

if (($#)); then
  export STENA_COMPOSE="${compose[*]}"
  "$@"
  exit
fi
deploy/compose-walls.sh "${compose[@]}"
.venv/bin/stena demo story --via compose --url "$url" --compose "${compose[*]}"
