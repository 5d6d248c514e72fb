"""What profile-svc adds to the command `stena`: its migrations, the import of people, and finding an imported one."""

from pathlib import Path

from profile_svc.settings import OwnerSettings
from stena.migrations import upgrade
from stena.settings import database_url

_PACKAGE = Path(__file__).parent


def migrate() -> None:
    """Bring both databases up to date, as their owners."""
    settings = OwnerSettings()
    people = database_url(settings.owner_database_url, settings.owner_database_password_file)
    keys = database_url(settings.keys_owner_database_url, settings.keys_owner_database_password_file)
    upgrade(people, migrations("migrations"))
    upgrade(keys, migrations("key_migrations"))


def migrations(name: str) -> Path:
    """A folder of migrations: beside the sources in a checkout, inside the package where it was installed from a wheel."""
    installed = _PACKAGE / name
    return installed if installed.is_dir() else _PACKAGE.parents[1] / name
