#!/bin/bash
# Whether the service of this container can answer: asked every few seconds, so by the shell alone.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/$PORT"
printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -rt 3 _ status _ <&3
[[ $status == 200 ]]
