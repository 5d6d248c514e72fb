"""What the wall is compared with: the same people in the same PostgreSQL in plaintext, served with as many workers as cores."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, insert
from sqlalchemy.ext.asyncio import create_async_engine
from uuid_utils.compat import uuid7

from tests.bench.deployed import wait_for_port
from tests.bench.idiomatic import Base, Person

IDIOMATIC: Final = ("tests.bench.idiomatic:create_app", 8520)
BARE: Final = ("tests.bench.bare:create_app", 8521)
_AT_ONCE: Final = 2_000


def copy_in_plain(url: URL, people: Path) -> None:
    """The same people once more, as a table without any protection."""
    asyncio.run(_copy(url, people))


async def _copy(url: URL, people: Path) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        rows: list[dict[str, Any]] = []
        with people.open() as lines:
            for line in lines:
                rows.append({"person_id": uuid7(), "attributes": json.loads(line)["attributes"]})
                if len(rows) == _AT_ONCE:
                    await connection.execute(insert(Person), rows)
                    rows = []
        if rows:
            await connection.execute(insert(Person), rows)
    await engine.dispose()


@contextmanager
def serving(app: tuple[str, int], url: URL) -> Iterator[int]:
    """The process whose children are the workers."""
    factory, port = app
    options = ["--factory", "--port", str(port), "--workers", str(os.cpu_count()), "--no-access-log", "--log-level", "warning"]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", factory, *options],
        env={**os.environ, "BENCH_DATABASE_URL": url.render_as_string(hide_password=False)},
    )
    try:
        wait_for_port(port)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
