"""What was asked of the gateway and what came back, as callers see it: each call on its own, and whether it is in order."""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from tests.leaks.asking import answer_text, request_text, told
from tests.leaks.canaries import Finder
from tests.leaks.target import Registered

PROBLEM: Final = "application/problem+json"
LONGEST: Final = 15.0  # seconds after which nobody waits any more


@dataclass(frozen=True, slots=True)
class Asked:
    """One call. Times are those of ``time.monotonic``. ``status`` is ``None`` where no whole answer came.

    ``about``: of how many people the answer shows something. ``broken``: what of it must not be, whatever happens.
    """

    kind: str
    begun: float
    ended: float
    status: int | None
    decision: str | None = None
    about: int = 0
    broken: tuple[str, ...] = ()
    why: str = ""
    """What a problem document says of itself."""

    @property
    def took(self) -> float:
        return self.ended - self.begun

    @property
    def is_well(self) -> bool:
        """Answered as it would be if nothing were wrong: with what was asked for, or with a rule's no."""
        return self.status is not None and self.status < 500 and self.status != 401


@dataclass
class Asking:
    """Everything that one run asks. ``finder`` knows what nobody may see who is not told below ``shows``."""

    finder: Finder
    calls: list[Asked] = field(default_factory=list)

    async def ask(
        self,
        caller: Registered,
        kind: str,
        method: str,
        path: str,
        purpose: str,
        *,
        shows: Mapping[str, Collection[str]],
        refused: bool = False,
        **options: Any,
    ) -> httpx.Response | None:
        """``shows``: person → attributes of theirs that the caller may see. ``refused``: the rules say no to this call.

        ``None`` where no whole answer came. A token that does not hold any more is renewed for the next call.
        """
        begun = time.monotonic()
        try:
            answer = await super(Registered, caller).__call__(method, path, purpose, timeout=LONGEST, **options)
        except httpx.TransportError:
            self.calls.append(Asked(kind, begun, time.monotonic(), None))
            return None
        ended, broken = time.monotonic(), (*self._seen(answer, shows), *_out_of_form(answer, refused))
        decision, about = _disclosed(answer) if answer.is_success else (None, 0)
        self.calls.append(Asked(kind, begun, ended, answer.status_code, decision, about, broken, _why(answer)))
        if answer.status_code == 401:
            with suppress(httpx.TransportError, AssertionError):
                await caller.renew()
        return answer

    def _seen(self, answer: httpx.Response, shows: Mapping[str, Collection[str]]) -> Iterator[str]:
        said = set(self.finder(request_text(answer.request)))
        for canary in self.finder(answer_text(answer)):
            if canary not in said and canary.carriers.isdisjoint(shows.get(canary.person, ())):
                yield f"a withheld value came back: {told(canary)}"


def _out_of_form(answer: httpx.Response, refused: bool) -> Iterator[str]:
    if answer.is_success and refused:
        yield f"what the rules refuse was answered {answer.status_code}"
    if answer.status_code < 400:
        return
    document: dict[str, Any] = {}
    with suppress(ValueError):
        document = orjson.loads(answer.content)
    if answer.headers.get("content-type") != PROBLEM or document.get("status") != answer.status_code:
        yield f"a {answer.status_code} that is no problem document"
    elif answer.status_code == 503 and "retry-after" not in answer.headers:
        yield "a 503 that does not say when to try again"
    elif answer.status_code not in (401, 403, 404, 409, 503):
        yield f"a {answer.status_code} {document.get('type')} where nothing but 503 says that something is wrong"


def _why(answer: httpx.Response) -> str:
    with suppress(ValueError):
        return "" if answer.is_success else str(orjson.loads(answer.content).get("detail", ""))
    return "no problem document"


def _disclosed(answer: httpx.Response) -> tuple[str | None, int]:
    """The decision that an answer rests on, and of how many people it shows something."""
    body = orjson.loads(answer.content or b"null")
    if not isinstance(body, dict):
        return None, 0
    people = len(body.get("people", ())) + len(body.get("candidates", ())) + ("attributes" in body)
    people += sum(change["person"] is not None for change in body.get("changes", ()))
    return (body.get("disclosure") or {}).get("decision"), people
