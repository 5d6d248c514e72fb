"""The secrets of a deployment: one folder of files, made at first start. Never changes one that exists."""

import hashlib
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stena import keys
from stena_local.postgres import roles

_SIGNING = ("token-key", "grant-key")
_RANDOM = {"cursor-key": 32, "index-key": 32, "journal-key": 32, "policy-key": 32, "administrator-key": 32}


@dataclass(frozen=True)
class SecretFiles:
    """Paths of the secrets in ``folder``; the same names in the embedded and in the container deployment."""

    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name

    @property
    def id_keys(self) -> Path:
        return self.folder / "id-keys"

    @property
    def master_keys(self) -> Path:
        return self.folder / "master-keys"

    @property
    def ledger_keys(self) -> Path:
        return self.folder / "ledger-keys"

    @property
    def enforcement_points(self) -> Path:
        """Not a secret: the names of those who may ask policy-svc, with the SHA-256 of their keys."""
        return self.folder / "enforcement-points.json"

    @property
    def administrators(self) -> Path:
        """Not a secret: the names of those who may change the rulebook over HTTP, with the SHA-256 of their keys."""
        return self.folder / "administrators.json"

    def password(self, role: str) -> Path:
        return self.folder / "passwords" / role

    def passwords(self) -> dict[str, str]:
        return {role: self.password(role).read_text().strip() for role in roles()}

    def make(self) -> None:
        """Make whatever is missing, folders with mode 0700 and files with mode 0600."""
        for folder in (self.folder, self.id_keys, self.master_keys, self.ledger_keys, self.folder / "passwords"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _SIGNING:
            keys.make_signing_key(self.path(name))
        for name, size in _RANDOM.items():
            keys.make_secret(self.path(name), size)
        if not any(self.id_keys.iterdir()):
            keys.make_secret(self.id_keys / "1", 64)
        self._begin(self.master_keys, "master-key", os.rename, keys.make_secret)
        # Gateways of the release before read it where it was. Once it is renewed nobody signs with it any more.
        self._begin(self.ledger_keys, "ledger-key", os.link, keys.make_signing_key)
        if (self.ledger_keys / "2").exists():
            self.path("ledger-key").unlink(missing_ok=True)
        for role in roles():
            if not self.password(role).exists():
                write(self.password(role), secrets.token_urlsafe(32))
        self._list(self.enforcement_points, "gateway", self.path("policy-key"))
        self._list(self.administrators, "operator", self.path("administrator-key"))

    def _begin(self, versions: Path, only: str, take: Callable[[Path, Path], None], make: Callable[[Path], None]) -> None:
        """The first version of a key; what was the only one, before there could be several, is taken for it."""
        if not any(versions.iterdir()):
            if self.path(only).exists():
                take(self.path(only), versions / "1")
            make(versions / "1")

    def _list(self, holders: Path, name: str, key: Path) -> None:
        """Let ``name`` be who holds ``key``; whom an operator has added stays."""
        known = json.loads(holders.read_text()) if holders.exists() else {}
        wanted = known | {name: hashlib.sha256(key.read_text().strip().encode()).hexdigest()}
        if wanted != known:
            write(holders, json.dumps(wanted))

    @property
    def client_id(self) -> Path:
        """matching-svc's own client at the gateway, registered once the gateway's database stands."""
        return self.folder / "matching-client-id"

    @property
    def client_secret(self) -> Path:
        return self.folder / "matching-client-secret"

    def keep_client(self, client_id: str, client_secret: str) -> None:
        write(self.client_secret, client_secret)
        write(self.client_id, client_id)

    def forget_client(self) -> None:
        """For a gateway whose database is new: it knows no client any more."""
        self.client_id.unlink(missing_ok=True)
        self.client_secret.unlink(missing_ok=True)


def write(path: Path, text: str) -> None:
    """Replace ``path`` in one step by a file that nobody else could read at any moment."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    new.replace(path)
