"""The newest revision that the installed services' migrations make of a database. Reads their scripts, runs none."""

import importlib.util
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory

_SCRIPTS: Final = {
    "gateway": ("gateway", "migrations"),
    "policy": ("policy_svc", "migrations"),
    "profile": ("profile_svc", "migrations"),
    "profile_keys": ("profile_svc", "key_migrations"),
    "matching": ("matching_svc", "migrations"),
}
"""Database: package and folder. A package keeps the folder inside, or beside its sources in a checkout."""


def wanted(database: str) -> frozenset[str] | None:
    """``None`` where the service is not installed here."""
    package, folder = _SCRIPTS[database]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    inside = Path(spec.origin).parent
    scripts = next((place for place in (inside / folder, inside.parents[1] / folder) if place.is_dir()), None)
    return None if scripts is None else frozenset(ScriptDirectory(str(scripts)).get_heads())
