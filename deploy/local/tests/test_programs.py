"""PostgreSQL's programs run as an account that may not enter the environment they were installed in."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

from stena_local import programs
from stena_local.postgres import Server, random_passwords
from stena_local.testing import free_port
from stena_local.trouble import DeploymentError

pytestmark = pytest.mark.processes


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_programs_below_a_closed_folder_are_copied_with_all_they_need(passable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.find_spec(programs.WHEEL)
    assert spec is not None
    assert spec.origin is not None
    closed = passable / "closed"
    shutil.copytree(Path(spec.origin).parent, closed / programs.WHEEL, symlinks=True)
    libraries = Path(spec.origin).parent.with_name(f"{programs.WHEEL}.libs")
    if libraries.exists():
        shutil.copytree(libraries, closed / libraries.name, symlinks=True)
    closed.chmod(0o700)
    monkeypatch.setattr(programs, "SYSTEM_FOLDER", passable / "system")
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda _: spec.__class__(spec.name, None, origin=str(closed / programs.WHEEL / "__init__.py")),
    )
    found = programs.find("nobody")
    assert passable / "system" in found.folder.parents
    assert programs.find("nobody") == found, "copied once"
    server = Server(passable / "postgres", free_port(), random_passwords(), found, passable / "log", durable=False)
    try:
        server.start()
        server.provision("gateway")
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_user_who_does_not_exist_is_named_with_the_setting_that_names_another() -> None:
    with pytest.raises(DeploymentError, match="STENA_POSTGRES_USER"):
        programs.find("nobody-of-this-name")
