"""``python -m gateway --host 127.0.0.1 --port 8400``: the gateway behind its own socket, as deployments run it."""

from gateway.edge.listening import Listener
from stena import serving


def main() -> None:
    asked = serving.options("python -m gateway").parse_args()
    serving.run("gateway.main:app_from_environment", asked, http=Listener)


if __name__ == "__main__":
    main()
