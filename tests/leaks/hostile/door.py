"""The gateway of a house behind a real socket, the same that a deployment serves it with."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import uvicorn
from uvicorn.server import ServerState

from gateway.edge.listening import Listener
from tests.leaks.target import PATIENCE, PAUSE
from tests.system.house import GATEWAY, House

from . import wire


@dataclass(frozen=True)
class Door:
    house: House
    port: int

    async def send(self, *pieces: bytes, pause: float = 0.0, within: float = wire.WITHIN) -> list[wire.Answer]:
        """The answers; where a machine was too busy for one of them, those of another try."""
        for _ in range(PATIENCE):
            answers = await wire.send(self.port, *pieces, pause=pause, within=within)
            if not any(answer.status == 503 for answer in answers):
                break
            await asyncio.sleep(PAUSE)
        return answers

    async def one(self, *pieces: bytes, within: float = wire.WITHIN) -> wire.Answer:
        """The one answer to a request; fails if there are none or more."""
        (answer,) = await self.send(*pieces, within=within)
        return answer


@asynccontextmanager
async def at_the_door(house: House) -> AsyncIterator[Door]:
    config = uvicorn.Config(house.apps[GATEWAY], http=Listener, ws="none", lifespan="off", log_config=None)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Listener(config, state, {}), "127.0.0.1", 0)
    async with server:
        yield Door(house, server.sockets[0].getsockname()[1])
        for connection in list(state.connections):
            connection.transport.abort()
