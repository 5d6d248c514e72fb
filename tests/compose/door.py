"""The door from outside: whoever comes without TLS is sent to where there is, and what nginx refuses itself is a problem
document like any other."""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

from .docker import containers, docker
from .drills import URL, all_healthy, require, say, until

PLAIN: Final = f"http://127.0.0.1:{os.environ['STENA_HTTP_PORT']}"
ADDRESS: Final = "/v1/persons?limit=1"
AWAY: Final = 3.0
"""Seconds in which it is asked while no gateway is there: their names are still known in the first, and then no more."""
SILENT: Final = 70.0
"""Seconds in which nginx has given up on a gateway that takes a call and says nothing: after 60."""

REFUSED: Final[Mapping[str, tuple[int, str, Callable[[], httpx.Response]]]] = {
    "a body that is too large": (413, "content-too-large", lambda: ask("POST", "/v1/persons", content=b"x" * (2**20 + 1))),
    "an address that is too long": (431, "head-too-large", lambda: ask("GET", f"/{'x' * 40_000}")),
    "headers that are too large": (431, "head-too-large", lambda: ask("GET", "/", headers={"x-long": "x" * 40_000})),
    "a place that is nginx's own": (404, "not-found", lambda: ask("GET", "/.refused/slow")),
    "no TLS where TLS is spoken": (400, "malformed-request", lambda: httpx.get(URL.replace("https", "http"), trust_env=False)),
}


def ask(method: str, path: str, *, within: float = 15, **sent: Any) -> httpx.Response:
    with httpx.Client(trust_env=False, verify=trusted(), timeout=within) as http:
        return http.request(method, URL + path, **sent)


def trusted() -> Any:
    return httpx.create_ssl_context(verify=os.environ["SSL_CERT_FILE"], trust_env=False)


def refuses_by_itself() -> None:
    sent_on = httpx.get(PLAIN + ADDRESS, trust_env=False)
    require((sent_on.status_code, sent_on.headers["location"]) == (308, URL + ADDRESS), "who comes without TLS is not sent on")
    for what, (status, slug, call) in REFUSED.items():
        problem(what, call(), status, slug)
    say(f"the door sends on who comes without TLS, and refuses {', '.join(REFUSED)}: each a problem document")
    tells_that_nobody_is_there()
    tells_that_nobody_speaks()


def tells_that_nobody_is_there() -> None:
    gateways, asked = containers("gateway"), 0
    docker("kill", *gateways)
    try:
        until_then = time.monotonic() + AWAY
        while time.monotonic() < until_then:
            answer = ask("GET", "/healthz")
            problem("no gateway", answer, 503, "unavailable")
            require(answer.headers["retry-after"] == "1", "nobody is told when to come again")
            asked += 1
    finally:
        docker("start", *gateways)
    took = until(all_healthy, "health of killed gateways")
    say(
        f"without gateways {asked} calls were told so within {AWAY:g} s; all healthy {took:.0f} s after they were started again"
    )


def tells_that_nobody_speaks() -> None:
    """Gateways whose systems still take connections, and who hear nothing."""
    gateways, begun = containers("gateway"), time.monotonic()
    docker("pause", *gateways)
    try:
        problem("silent gateways", ask("GET", "/healthz", within=SILENT), 503, "unavailable")
        took = time.monotonic() - begun
    finally:
        docker("unpause", *gateways)
    again = until(all_healthy, "health of silent gateways")
    say(f"of gateways that say nothing a caller is told after {took:.0f} s; all healthy {again:.0f} s after they spoke again")


def problem(what: str, answer: httpx.Response, status: int, slug: str) -> None:
    """It is one, with this status in both places, and names the trace by which nginx's log knows the call."""
    require(answer.status_code == status, f"{what}: {answer.status_code} {answer.text[:200]}")
    require(answer.headers["content-type"] == "application/problem+json", f"{what}: {answer.headers['content-type']}")
    said = answer.json()
    require((said["status"], said["type"]) == (status, f"/problems/{slug}"), f"{what}: {said}")
    require(said["instance"].startswith("urn:trace:") and len(said["instance"]) == 42, f"{what}: {said['instance']}")
