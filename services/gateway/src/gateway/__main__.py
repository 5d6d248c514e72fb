"""``python -m gateway --host 127.0.0.1 --port 8400``: the gateway behind its own socket, as deployments run it."""

import argparse

import uvicorn

from gateway.listening import Listener


def main() -> None:
    where = argparse.ArgumentParser(prog="python -m gateway")
    where.add_argument("--host", default="127.0.0.1")
    where.add_argument("--port", type=int, default=8400)
    asked = where.parse_args()
    uvicorn.run(
        "gateway.main:app_from_environment",
        factory=True,
        host=asked.host,
        port=asked.port,
        http=Listener,
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
