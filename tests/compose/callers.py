"""Callers who use the wall all the time, through nginx and TLS, and count every call that was not answered as it should be."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from stena_local.demo.upstreams import Client, Gateway
from stena_local.trouble import DeploymentError

from .docker import compose

ORGANISATION: Final = "bread-and-bridges"
PURPOSE: Final = "registration"
CALLERS, PAUSE = 3, 0.1
PERSON: Final = {"attributes": {"remote": True, "residence": {"municipality": "Sofia", "nuts": "BG411", "settlement": "Sofia"}}}


def client(organisation: str, *more: str) -> Client:
    """A new client, registered by the operator's command."""
    command = ("client", "add", "--organisation", organisation, "--name", "runbook", *more, "--json")
    made = json.loads(compose("exec", "-T", "gateway", "stena", *command))
    return Client(organisation, made["client_id"], made["client_secret"])


@dataclass
class Calls:
    """What came of them. ``created``: each person that was acknowledged, with the moment when it was; ``late``: those that were
    told to come again (503 with a reason), as a busy machine may; ``lost``: every other one that was not answered."""

    url: str
    caller: Client
    answered: int = 0
    late: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    created: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, gateway: Gateway) -> str | None:
        made = self._call(gateway, "POST", "/v1/persons", 201, json=PERSON)
        if made is None:
            return None
        self.created[made["id"]] = time.time()
        return str(made["id"])

    def read(self, gateway: Gateway, person: str) -> bool:
        return self._call(gateway, "GET", f"/v1/persons/{person}", 200) is not None

    def search(self, gateway: Gateway) -> None:
        self._call(gateway, "POST", "/v1/persons/search", 200, json={"limit": 10})

    def _call(self, gateway: Gateway, method: str, path: str, wanted: int, **sent: Any) -> Any:
        begun = time.monotonic()
        try:
            answer = gateway.call(method, path, self.caller, PURPOSE, **sent)
            status, said = answer.status, answer.body
        except DeploymentError as error:
            status, said = 0, str(error)
        with self._lock:
            if status == wanted:
                self.answered += 1
                return said
            failed = self.late if status == 503 else self.lost
            failed.append(f"{time.strftime('%X')} after {time.monotonic() - begun:.2f} s: {method} {path}: {status} {said}")
        return None


@contextmanager
def calling(url: str, caller: Client) -> Iterator[Calls]:
    """``CALLERS`` of them, until the context is left; then each has had its last answer."""
    calls, stop = Calls(url, caller), threading.Event()
    threads = [threading.Thread(target=_call_on, args=(calls, stop)) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield calls
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _call_on(calls: Calls, stop: threading.Event) -> None:
    with Gateway(calls.url) as gateway:
        while not stop.is_set():
            person = calls.create(gateway)
            if person is not None:
                calls.read(gateway, person)
            calls.search(gateway)
            stop.wait(PAUSE)


def missing(url: str, caller: Client, people: Sequence[str]) -> list[str]:
    """Those of ``people`` who cannot be read."""
    calls = Calls(url, caller)
    with Gateway(url) as gateway:
        return [person for person in people if not calls.read(gateway, person)]
