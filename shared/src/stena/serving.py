"""The server process of every service: it listens, and it leaves without losing a call. It knows no call.

    python -m stena.serving policy_svc.main:app_from_environment --host 127.0.0.1 --port 8401 --drain 3

INVARIANT: whoever was let in before the end is answered, and nobody is let in who would not be.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import Final

import uvicorn
from fastapi import FastAPI

from stena import health
from stena.settling import settle
from stena.upstreams import IDLE

CLOSE: Final = (b"connection", b"close")
QUIET: Final = 0.3  # seconds in which whoever has knocked already comes in, and nobody else knocks
LONGEST_LEFT: Final = 5.0  # seconds for those who were let in last; an idle connection does not last longer either
LONGEST: Final = 20  # seconds in which what was begun is ended

_IP_MINTTL: Final = 21  # of Linux, which asks nobody for a right to set it; Python has no name for it
_NEAREST: Final = 255  # segments come with 64 of a system's own accord, so none has as much as this


class Server(uvicorn.Server):
    """uvicorn's server with a farewell.

    On SIGTERM it is no longer ready and ends each connection with its next answer, for ``drain`` seconds: whoever shares out
    calls finds somebody else meanwhile. Then nobody new is let in, what was begun is ended, and the process with it. A second
    signal ends it at once.
    """

    def __init__(self, config: uvicorn.Config, drain: float) -> None:
        super().__init__(config)
        self._drain = drain
        self._asked: int | None = None
        self._leaving: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        settle()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and self._drain > 0 and self.started and self._asked is None:
            self._asked = sig
        else:
            self._say_so()
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._asked is not None and self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(self._asked))
        return await super().on_tick(counter)

    async def _leave(self, sig: int) -> None:
        self._say_so()
        # Of every answer from now on; the server makes the list of them anew each second.
        self.config.encoded_headers.append(CLOSE)
        self.server_state.default_headers.append(CLOSE)
        await asyncio.sleep(self._drain)
        try:
            for server in self.servers:
                for listener in server.sockets:
                    hear_only(listener.fileno(), _NEAREST)
            await asyncio.sleep(QUIET)
            await self._until_all_are_answered()
        finally:
            super().handle_exit(sig, None)

    def _say_so(self) -> None:
        app = getattr(self.config, "loaded_app", None)
        if isinstance(app, FastAPI):
            health.leave(app)

    async def _until_all_are_answered(self) -> None:
        """Each answer ends its connection: whoever is left waits for one. uvicorn would cut off whom it has not read yet."""
        ends = time.monotonic() + LONGEST_LEFT
        while self.server_state.connections and time.monotonic() < ends:
            for connection in self.server_state.connections:
                # Whoever was on the way when the door closed has come in with what it hears.
                if (own := connection.transport.get_extra_info("socket")) is not None and own.fileno() >= 0:
                    hear_only(own.fileno(), 0)
            await asyncio.sleep(0.05)


def hear_only(number: int, hops: int) -> None:
    """Of the socket with that file number: segments with fewer ``hops`` left are lost, as on the way (RFC 5082).

    Whoever knocks at a listener that hears only the nearest is not answered and goes elsewhere or tries again; who is let in
    already has a socket of its own, and is heard. Closing alone would cut off those whose connection the kernel has made and
    the process not yet taken: they have sent a call, and could not tell whether it was heard.
    """
    # A handle of our own on the same socket: what the event loop gives out cannot be told anything.
    with socket.socket(fileno=os.dup(number)) as handle:
        handle.setsockopt(socket.IPPROTO_IP, _IP_MINTTL, hops)


def run(app: str, asked: argparse.Namespace, *, http: type[asyncio.Protocol] | str = "auto") -> None:
    """Serve what the factory ``app`` makes, until a signal."""
    config = uvicorn.Config(
        app,
        factory=True,
        host=asked.host,
        port=asked.port,
        http=http,
        ws="none",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=LONGEST if asked.drain else 5,
    )
    server = Server(config, asked.drain)
    with suppress(KeyboardInterrupt):
        server.run()
    if not server.started:
        sys.exit(3)  # as uvicorn's own command


def options(program: str) -> argparse.ArgumentParser:
    """What every service is told on its command line."""
    parser = argparse.ArgumentParser(prog=program)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--drain",
        type=float,
        default=0,
        metavar="SECONDS",
        help=f"How long SIGTERM is told before the door closes: more than the {IDLE:g} seconds in which callers use a "
        "connection again. Default: not at all. Linux only.",
    )
    return parser


if __name__ == "__main__":
    parser = options("python -m stena.serving")
    parser.add_argument("app", help="What makes the application: module:function.")
    given = parser.parse_args()
    run(given.app, given)
