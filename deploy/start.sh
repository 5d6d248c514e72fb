#!/bin/bash
# Starts the service of this image. PORT is where it listens inside its networks.
set -euo pipefail

# matching-svc learns who it is from the volume that its registration wrote.
if [[ -n ${MATCHING_CLIENT_ID_FILE:-} ]]; then
  MATCHING_CLIENT_ID=$(cat "$MATCHING_CLIENT_ID_FILE")
  export MATCHING_CLIENT_ID
fi

# Who shares out calls is told for DRAIN seconds before this one ends, so that no call is lost.
where=(--host 0.0.0.0 --port "$PORT" --drain "${DRAIN:-3}")

# The gateway's own socket is bounded against whoever is outside; nobody outside reaches the others.
if [[ $SERVICE == gateway ]]; then
  exec python -m gateway "${where[@]}"
fi

exec python -m stena.serving "${SERVICE//-/_}.main:app_from_environment" "${where[@]}"
