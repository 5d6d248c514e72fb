"""W3C Trace Context: every request belongs to a trace, taken from ``traceparent`` or begun here, and carried onward.

INVARIANT: of what a caller sends only what has the form of the standard goes on, and none of it means anything here.
"""

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_MEMBER: Final = r"[a-z0-9][a-z0-9_*/@-]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]"
_TRACESTATE: Final = re.compile(rf"{_MEMBER}([ \t]*,[ \t]*{_MEMBER}){{0,31}}")
_LONGEST_STATE: Final = 512  # characters: what every participant has to carry


Kind = Literal["server", "client", "internal"]


class Open(Protocol):
    """A span that has begun. ``place`` is where it is in its trace."""

    @property
    def place(self) -> "Trace": ...

    def end(self, name: str, attributes: Mapping[str, str | int], *, failed: bool) -> None: ...


class Collector(Protocol):
    """Hears of the spans of a trace. ``began`` is in nanoseconds since 1970."""

    def open(self, kind: Kind, caller: "Trace | None", began: int) -> Open: ...


@dataclass(frozen=True, slots=True)
class Trace:
    """Where in which trace this request is. ``state`` is what others have put into ``tracestate``: carried on, never looked at.

    ``collector`` is there if somebody is to hear of the spans of this one.
    """

    trace_id: str
    span_id: str
    sampled: bool = False
    state: str = ""
    collector: Collector | None = field(default=None, compare=False, repr=False)

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    @property
    def headers(self) -> Mapping[str, str]:
        """What carries the trace to the next service."""
        carried = {"traceparent": self.traceparent}
        return carried | {"tracestate": self.state} if self.state else carried


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace:
    """The running request's trace; outside a request a fresh one."""
    return _current.get() or begun()


def running() -> Trace | None:
    """The same without the fresh one."""
    return _current.get()


def use(trace: Trace) -> Token[Trace | None]:
    """From now on ``trace`` is the current one, until ``restore``."""
    return _current.set(trace)


def restore(token: Token[Trace | None]) -> None:
    _current.reset(token)


def arrived(traceparent: str | None, tracestate: str | None = None) -> Trace | None:
    """The caller's place in its trace; ``None`` if ``traceparent`` is absent or malformed."""
    known = _TRACEPARENT.fullmatch(traceparent or "")
    if not known or set(known[1]) == {"0"} or set(known[2]) == {"0"} or (traceparent or "").startswith("ff"):
        return None
    sampled = bool(int(known[3], 16) & 1)
    return Trace(known[1], known[2], sampled, _carried(tracestate))


def continued(caller: Trace) -> Trace:
    """A place of our own behind the caller's."""
    return Trace(caller.trace_id, secrets.token_hex(8), caller.sampled, caller.state)


def begun() -> Trace:
    """A trace that nobody began before us."""
    return Trace(secrets.token_hex(16), secrets.token_hex(8))


def _carried(tracestate: str | None) -> str:
    """``tracestate`` if it has the form of the standard and is short enough to be carried by everybody; else nothing of it."""
    whole = tracestate is not None and len(tracestate) <= _LONGEST_STATE and _TRACESTATE.fullmatch(tracestate)
    return tracestate or "" if whole else ""
