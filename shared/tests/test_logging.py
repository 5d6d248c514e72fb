"""What a log line may hold: where something went wrong, never what it went wrong with."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from stena.logging import configure

SECRET = "Key (national_number)=(9001011234) already exists"


@pytest.fixture
def untouched_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.usefixtures("untouched_logging")
def test_an_exception_is_logged_with_its_place_and_without_its_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure("gateway")
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise ValueError(SECRET) from cause
    except ValueError:
        # As uvicorn does when a request ends in an exception that nobody foresaw.
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
    written = capsys.readouterr().err
    assert "9001011234" not in written
    exceptions = json.loads(written)["exception"]
    assert [each["type"] for each in exceptions] == ["ValueError", "KeyError"]
    assert "test_logging.py" in exceptions[0]["at"][-1]
