#!/usr/bin/env bash
# Brings the containers up beside whatever else runs, two of each service that may be there twice, with secrets and volumes
# of their own; looks at the walls between them, tells the story, does what the runbook says, or runs the command given as
# arguments instead; and takes everything down again. Fails when any part fails, or when no Docker engine answers.
set -euo pipefail
cd "$(dirname "$0")/.."

export COMPOSE_PROJECT_NAME=${COMPOSE_PROJECT_NAME:-stena-test} COMPOSE_FILE=deploy/compose.yaml
export STENA_PORT=${STENA_PORT:-8400}
export STENA_HTTP_PORT=${STENA_HTTP_PORT:-$((STENA_PORT + 80))}
url=https://127.0.0.1:$STENA_PORT
export STENA_PUBLIC_URL=$url
most=${STENA_MOST:-90} # seconds until everything is healthy, with images present

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
if ! docker info >/dev/null 2>&1; then
  echo "compose-test: no Docker engine answers. Start one, or set DOCKER_HOST, and run this again." >&2
  exit 1
fi
if ! docker compose version >/dev/null 2>&1; then
  if ! command -v docker-compose >/dev/null; then
    echo "compose-test: neither \`docker compose\` nor docker-compose is installed." >&2
    exit 1
  fi
  # What is called `docker compose` everywhere else, in the runbook too; and `exec` finds a service whose first container is gone.
  cat >"$tools/docker" <<SHIM
#!/bin/bash
[[ \$1 == compose ]] || exec $(command -v docker) "\$@"
shift
if [[ \$1 == exec ]]; then
  for service in "\${@:2}"; do [[ \$service == -* ]] || break; done
  of=(--filter "label=com.docker.compose.project=\$COMPOSE_PROJECT_NAME" --filter "label=com.docker.compose.service=\$service")
  first=\$($(command -v docker) ps "\${of[@]}" --format '{{.Label "com.docker.compose.container-number"}}' | sort -n | head -1)
  set -- exec --index "\${first:-1}" "\${@:2}"
fi
exec docker-compose "\$@"
SHIM
  chmod +x "$tools/docker"
  export PATH=$tools:$PATH
fi
# Without buildx the classic builder does it; both read the same Dockerfile.
if ! docker buildx version >/dev/null 2>&1; then
  export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
fi

STENA_SECRETS=$(mktemp -d)
export STENA_SECRETS
take_down() {
  status=$?
  if [[ $status != 0 ]]; then
    docker compose ps || true
    docker compose logs --tail=30 || true
  fi
  docker compose down --volumes --remove-orphans >/dev/null 2>&1 || status=1
  rm -rf "$STENA_SECRETS" "$tools"
  exit "$status"
}
trap take_down EXIT

export BACKUPS=$tools/backups
from_the_page() { .venv/bin/python -m tests.compose.page "$@"; }

echo "Secrets, images, containers …"
from_the_page "Install" 0 >"$tools/install"
# The lines of the page, and the moment when its last one begins: what is measured is the start, not the making of images.
sed -i 's/^docker compose build/& --quiet/; s/^docker compose up/date +%s >"$BACKUPS.started"; &/' "$tools/install"
bash "$tools/install"
started=$(cat "$BACKUPS.started")
for service in policy-svc profile-svc gateway matching-svc nginx; do
  for container in $(docker compose ps -q "$service"); do
    until [[ $(docker inspect --format '{{.State.Health.Status}}' "$container") == healthy ]]; do
      if (($(date +%s) - started > most)); then
        echo "compose-test: $service is not healthy after $most s." >&2
        exit 1
      fi
      sleep 0.5
    done
  done
done
took=$(($(date +%s) - started))
echo "All healthy after $took s."
((took <= most)) || { echo "compose-test: that is longer than $most s; is the machine busy with something else?" >&2; exit 1; }
bash <(from_the_page "Install" 1)

# The certificate is signed by itself: whoever calls is told to trust it.
export SSL_CERT_FILE=$STENA_SECRETS/tls/tls.crt
if (($#)); then
  export STENA_COMPOSE="docker compose"
  "$@"
  exit
fi
deploy/compose-walls.sh
.venv/bin/stena demo story --via compose --url "$url"
.venv/bin/python -m tests.compose
