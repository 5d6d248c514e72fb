"""Remembers the demo's clients between two stories, in a file that only its owner may read. Of demo clients and no others."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from stena_local.demo.upstreams import Client
from stena_local.secret_files import write


@dataclass(frozen=True)
class Credentials:
    """``file`` is ``None`` where nothing is kept, as with containers that come and go."""

    file: Path | None

    def read(self, person: str) -> dict[str, Client]:
        """The clients of an earlier story about the same person; none if there was none."""
        if self.file is None or not self.file.exists():
            return {}
        kept = orjson.loads(self.file.read_bytes())
        return {entry["organisation"]: Client(**entry) for entry in kept["clients"]} if kept["person"] == person else {}

    def write(self, person: str, clients: Mapping[str, Client]) -> None:
        if self.file is not None:
            entries = [
                {"organisation": c.organisation, "client_id": c.client_id, "client_secret": c.client_secret}
                for c in clients.values()
            ]
            write(self.file, orjson.dumps({"person": person, "clients": entries}).decode())
