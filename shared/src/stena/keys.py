"""Key files: made at first start with mode 0600, never in the repository."""

import json
import os
import secrets
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey


def signing_key(path: Path) -> OKPKey:
    """The Ed25519 private key in ``path`` (a JWK). Raises ``KeyFileError`` with what to mend."""
    key = ed25519(path)
    if not key.is_private or key.kid is None:
        raise KeyFileError(f"{path}: holds no private key with a key id. Make one with `stena secrets`.")
    return key


def ed25519(path: Path) -> OKPKey:
    """The Ed25519 key in ``path`` (a JWK), private or public. Raises ``KeyFileError`` with what to mend."""
    try:
        return OKPKey.import_key(json.loads(path.read_text()))
    except (OSError, ValueError, JoseError) as error:
        raise KeyFileError(f"{path}: no readable signing key. Make one with `stena secrets` or mount the right one.") from error


def secret(path: Path, size: int = 32) -> bytes:
    """``size`` secret bytes, kept as hexadecimal text in ``path``."""
    try:
        value = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise KeyFileError(f"{path}: no readable key. Make one with `stena secrets` or mount the right one.") from error
    if len(value) != size:
        raise KeyFileError(f"{path}: holds {len(value)} bytes where {size} are needed.")
    return value


def make_signing_key(path: Path) -> None:
    """Make an Ed25519 key in ``path`` unless a file is there already."""
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True)
    _write_once(path, json.dumps(key.as_dict(private=True)))


def make_secret(path: Path, size: int = 32) -> None:
    """Make ``size`` random bytes in ``path`` unless a file is there already."""
    _write_once(path, secrets.token_hex(size))


def _write_once(path: Path, text: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")


class KeyFileError(Exception):
    """A key file is missing or holds something else; the message says which and what to do."""
