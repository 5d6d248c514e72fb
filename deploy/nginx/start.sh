#!/bin/bash
# Starts nginx. PUBLIC_URL is where callers reach the wall: whoever comes without TLS is sent there.
set -euo pipefail
printf 'return 308 "%s$request_uri";\n' "${PUBLIC_URL:?}" >/tmp/redirect.conf
# Whatever it would say before it has read its configuration goes to stderr; it has no folder for logs.
exec nginx -e stderr -c /etc/nginx/nginx.conf
