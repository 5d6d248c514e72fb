"""Structured logs: JSON lines with the trace id, for machines first. Never a personal value, never a token."""

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any

import orjson
import structlog

from stena import request_id


def configure(service: str, level: str = "INFO") -> None:
    """Send structlog's and the standard library's records (uvicorn, SQLAlchemy) to stderr, as lines of JSON of one form.

    structlog's go there by themselves: by way of the standard library each costs eight times as much.
    """
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_context(service),
    ]
    ending: list[Any] = [_tell_exceptions_without_their_text, structlog.processors.JSONRenderer(_as_json)]
    severity = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[*shared, *ending],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(severity),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(severity)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # Access lines would hold paths and queries, and with them what a caller looked for.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("httpx", "urllib3", "opentelemetry"):  # at less than a warning they tell of every call that they make
        logging.getLogger(name).setLevel(logging.WARNING)


def _add_context(service: str) -> Any:
    def add(_: Any, __: str, event: dict[str, Any]) -> dict[str, Any]:
        event["service"] = service
        trace = request_id.running()
        if trace is not None:
            event["trace"], event["span"] = trace.trace_id, trace.span_id
        return event

    return add


def _as_json(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=_as_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _as_plain(value: Any) -> Any:
    """Of what has no form in JSON no more than its kind: its own words may hold a value."""
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else type(value).__name__


def _tell_exceptions_without_their_text(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """INVARIANT: where an exception came from may be logged, its text may not: a database's error quotes the row."""
    raised = event.pop("exc_info", None)
    error = raised[1] if isinstance(raised, tuple) else sys.exc_info()[1] if raised is True else raised
    if isinstance(error, BaseException):
        event["exception"] = [
            {"type": type(each).__name__, "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in _frames(each)]}
            for each in _chain(error)
        ]
    return event


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and what it came from, nearest first."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(error: BaseException) -> list[traceback.FrameSummary]:
    return traceback.extract_tb(error.__traceback__)[-8:]
