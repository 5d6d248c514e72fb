"""The server process of every service: it listens, and it leaves without losing a call. It knows no call.

    python -m stena.serving policy_svc.main:app_from_environment --host 127.0.0.1 --port 8401 --drain 3

INVARIANT: whoever was let in before the end is answered, and nobody is let in who would not be.
"""

import argparse
import asyncio
import ctypes
import os
import signal
import socket
import struct
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

_NO_NEW_CONNECTIONS: Final = (
    (0x30, 0, 0, 13),  # the flags of a TCP segment
    (0x54, 0, 0, 0x12),  # SYN and ACK among them
    (0x15, 0, 1, 0x02),  # only SYN: a connection that is to be
    (0x06, 0, 0, 0),  # as if it had never come
    (0x06, 0, 0, 0xFFFFFFFF),  # every other segment whole
)
"""A filter of the Linux kernel (classic BPF): code, steps if true, steps if false, operand."""
_SO_ATTACH_FILTER: Final = 26


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
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._asked is not None and self._leaving is None:
            self._leaving = asyncio.create_task(self._leave(self._asked))
        return await super().on_tick(counter)

    async def _leave(self, sig: int) -> None:
        app = self.config.loaded_app
        if isinstance(app, FastAPI):
            health.leave(app)
        # Of every answer from now on; the server makes the list of them anew each second.
        self.config.encoded_headers.append(CLOSE)
        self.server_state.default_headers.append(CLOSE)
        await asyncio.sleep(self._drain)
        for server in self.servers:
            for listener in server.sockets:
                let_nobody_in(listener)
        await asyncio.sleep(QUIET)
        await self._until_all_are_answered()
        super().handle_exit(sig, None)

    async def _until_all_are_answered(self) -> None:
        """Each answer ends its connection: whoever is left waits for one. uvicorn would cut off whom it has not read yet."""
        ends = time.monotonic() + LONGEST_LEFT
        while self.server_state.connections and time.monotonic() < ends:  # noqa: ASYNC110 -- uvicorn has no event to wait for
            await asyncio.sleep(0.05)


def let_nobody_in(listener: socket.socket) -> None:
    """Whoever knocks from now on is not answered, as if the segment were lost, and goes elsewhere or tries again.

    Closing alone would cut off those whose connection the kernel has made and the process not yet taken: they have sent a call,
    and could not tell whether it was heard.
    """
    program = b"".join(struct.pack("=HBBI", *step) for step in _NO_NEW_CONNECTIONS)
    kept = ctypes.create_string_buffer(program, len(program))
    filtering = struct.pack("@HP", len(_NO_NEW_CONNECTIONS), ctypes.addressof(kept))
    # A handle of our own on the same socket: what the event loop gives out cannot be told anything.
    with socket.socket(fileno=os.dup(listener.fileno())) as handle:
        handle.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filtering)


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
