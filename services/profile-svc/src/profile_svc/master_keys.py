"""The versions of the master key, as files of one folder that is followed while the service runs."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from profile_svc.sealing import MasterKeys
from stena import key_folders
from stena.key_folders import KeyFolder

FORM: Final = key_folders.of_size(32)


def master_keys(folder: Path) -> MasterKeys:
    """Every version in ``folder``; raises ``KeyFileError``."""
    found = key_folders.read(folder, FORM)
    return MasterKeys(found.by_version, found.making)


def learn(folder: Path, masters: MasterKeys) -> None:
    """Let ``masters`` know what is in ``folder`` now; raises ``KeyFileError``."""
    _learn(key_folders.read(folder, FORM), masters)


def followed(folder: Path, masters: MasterKeys) -> AbstractAsyncContextManager[None]:
    """Keeps ``masters`` up to date with ``folder``: a new version opens before it wraps, so that nobody waits for anybody."""
    return key_folders.followed(folder, FORM, lambda found: _learn(found, masters))


def _learn(found: KeyFolder[bytes], masters: MasterKeys) -> None:
    masters.learn(found.by_version, found.making)
