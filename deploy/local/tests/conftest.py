"""Fixtures of the deployment's tests."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def passable() -> Iterator[Path]:
    """A folder that other accounts may pass through: pytest closes its own, and PostgreSQL runs as somebody else."""
    with tempfile.TemporaryDirectory(prefix="stena-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)
