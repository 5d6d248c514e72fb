"""What a chapter of the story has at hand: the gateway, clients of every organisation in it, and whom it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from stena_local.demo.stena_command import StenaCommand, ask
from stena_local.demo.story.findings import Findings
from stena_local.demo.upstreams import Answer, Client, Gateway


@dataclass(frozen=True)
class Stage:
    """``olena`` and ``omid`` are internal ids, which no client ever sees; ``categories``: attribute → its category; ``inside``
    is the address of profile-svc where it can be reached at all."""

    console: Console
    findings: Findings
    gateway: Gateway
    stena: StenaCommand
    clients: Mapping[str, Client]
    categories: Mapping[str, str]
    olena: str
    omid: str
    inside: str | None
    _ids: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def person_id(self, internal: str, organisation: str, purpose: str) -> str:
        """What this organisation calls the person under this purpose; only an operator can ask for it."""
        asked = (internal, organisation, purpose)
        if asked not in self._ids:
            options = ("--organisation", organisation, "--purpose", purpose, "--json")
            self._ids[asked] = ask(self.stena, "gateway", "person-id", internal, *options)["id"]
        return self._ids[asked]

    def get(self, path: str, organisation: str, purpose: str, **parameters: Any) -> Answer:
        return self.gateway.call("GET", path, self.clients[organisation], purpose, params=parameters)

    def get_person(self, internal: str, organisation: str, purpose: str) -> Answer:
        return self.get(f"/v1/persons/{self.person_id(internal, organisation, purpose)}", organisation, purpose)

    def chapter(self, title: str, text: str) -> None:
        self.console.print()
        self.console.rule(f"[bold]{title}[/bold]", align="left")
        self.console.print(text, highlight=False)
        self.console.print()
