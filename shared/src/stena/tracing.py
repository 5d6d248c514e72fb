"""Spans: on what the time of a call was spent. Told to a collector where there is one; otherwise this costs next to nothing.

INVARIANT: names and attributes of spans are words of the code and ids of decisions: never an address with ids in it, a query,
a value or the text of an exception.
"""

import time
from collections.abc import Mapping
from contextvars import Token
from types import TracebackType

from stena import request_id
from stena.request_id import Kind, Open, Trace


class Span:
    """``with Span("decide"):`` a part of the running call, and whatever is called meanwhile belongs to it.

    Nothing at all where nobody hears of the trace.
    """

    __slots__ = ("_attributes", "_kind", "_name", "_open", "_token")

    def __init__(self, name: str, kind: Kind = "internal", attributes: Mapping[str, str | int] | None = None) -> None:
        self._name = name
        self._kind = kind
        self._attributes = attributes
        self._open: Open | None = None
        self._token: Token[Trace | None] | None = None

    def __enter__(self) -> None:
        trace = request_id.running()
        if trace is None or trace.collector is None:
            return
        self._open = trace.collector.open(self._kind, trace, time.time_ns())
        self._token = request_id.use(self._open.place)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._open is None or self._token is None:
            return
        request_id.restore(self._token)
        # Of an exception no more than that there was one: its text may quote what is stored.
        self._open.end(self._name, self._attributes or {}, failed=error is not None)
