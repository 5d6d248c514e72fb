"""Keys and passwords as files: there, readable, of the right form, and closed to everybody else. Reads them, tells none."""

import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from stena import keys
from stena.keys import KeyFileError
from stena_local.doctor.finding import Finding, State, Told, judged

AREA: Final = "keys"
_NO_SECRETS: Final = ("ENFORCEMENT_POINTS_FILE", "ADMINISTRATORS_FILE", "CLIENT_ID_FILE")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check(told: Told) -> Iterator[Finding]:
    """Every file and folder of keys that a setting names."""
    for path, setting in _named(told).items():
        if setting.endswith("_KEYS_DIR"):
            yield _folder(setting, path)
        else:
            yield _file(setting, path)


def _named(told: Told) -> Mapping[Path, str]:
    """Each path once, with the first setting that names it."""
    named: dict[Path, str] = {}
    for setting, value in sorted(told.items()):
        if setting.endswith(("_KEY_FILE", "_PASSWORD_FILE", "_SECRET_FILE", "_KEYS_DIR", *_NO_SECRETS)) and value:
            named.setdefault(Path(value), setting)
    return named


def _file(setting: str, path: Path) -> Finding:
    fault = _fault(setting, path)
    if fault is not None:
        return Finding(AREA, setting, State.BROKEN, fault, f"Put the right file at {path}; `stena secrets` makes what is new.")
    return _closed(setting, path, "readable", [path])


def _folder(setting: str, path: Path) -> Finding:
    try:
        versions = sorted(file for file in path.iterdir() if not file.name.startswith("."))
    except OSError as error:
        return Finding(AREA, setting, State.BROKEN, str(error.strerror), f"Put the folder of keys at {path}.")
    faults = [f"{file.name}: {fault}" for file in versions if (fault := _fault("_KEY_FILE", file))]
    if faults or not any(file.name.isdecimal() for file in versions):
        found = "; ".join(faults) or "no version is in use"
        return Finding(AREA, setting, State.BROKEN, found, f"Put the versions that belong to this deployment into {path}.")
    return _closed(setting, path, f"versions {', '.join(file.name for file in versions)}", [path, *versions])


def _closed(setting: str, path: Path, found: str, paths: list[Path]) -> Finding:
    opened = [each for each in paths if each.stat().st_mode & _OTHERS] if not setting.endswith(_NO_SECRETS) else []
    return judged(
        AREA,
        setting,
        "open to other users of this machine" if opened else found,
        broken=bool(opened),
        mend=f"chmod -R go= {path}, and think of who may have read it.",
    )


def _fault(setting: str, path: Path) -> str | None:
    """What is wrong with the file, without a word of what is in it."""
    try:
        content = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        return (error.strerror if isinstance(error, OSError) else None) or "not text"
    if not content.strip():
        return "empty"
    if setting.endswith("_KEY_FILE") and not _is_key(path, content):
        return "no key"
    if path.suffix == ".json" and not _is_json(content):
        return "no JSON"
    return None


def _is_key(path: Path, content: str) -> bool:
    """A private key to sign with as JWK, or at least 32 bytes as hexadecimal text."""
    try:
        if content.lstrip().startswith("{"):
            return keys.signing_key(path).is_private
        return len(bytes.fromhex(content.strip())) >= 32
    except (KeyFileError, ValueError):
        return False


def _is_json(content: str) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True
