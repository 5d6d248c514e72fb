"""Brings a fresh deployment to where the story begins: clients, people, opportunities. Everything may have been done before."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import orjson
from rich.console import Console

from stena_local.demo import opportunities, people, protagonists
from stena_local.demo.opportunities import Offer
from stena_local.demo.stena_command import StenaCommand, ask
from stena_local.demo.story.credentials import Credentials
from stena_local.demo.story.findings import Findings
from stena_local.demo.story.stage import Stage
from stena_local.demo.upstreams import Client, Gateway
from stena_local.trouble import DeploymentError

Result = TypeVar("Result")

PEOPLE: Final = 300
OPPORTUNITIES: Final = 80
SEED: Final = 1
_SPEAKERS: Final = (
    "employment-agency",
    "danube-health",
    "reception-agency",
    "vitosha-bakery",
    "open-door-legal",
    "guardians-office",
    "return-desk",
    "rila-build",
    "language-house",
)
_SELF: Final = "self-service"
_PATIENCE: Final = 30.0  # seconds until the matcher must have caught up


@dataclass(frozen=True)
class Deployment:
    """Which Stena the story is about. ``inside`` is the address of profile-svc where it can be reached at all."""

    url: str
    stena: StenaCommand
    credentials: Credentials
    inside: str | None = None


def prepare(console: Console, gateway: Gateway, deployment: Deployment, today: date) -> Stage:
    """The stage on which the story is told."""
    stena = deployment.stena
    _step(console, f"{PEOPLE} invented people imported", lambda: _import_people(stena))
    olena, omid = _find(stena, protagonists.OLENA), _find(stena, protagonists.OMID)
    clients = _step(console, f"{len(_SPEAKERS) + 1} clients registered", lambda: _clients(deployment, gateway, olena))
    categories = _categories(gateway, clients["employment-agency"])
    stage = Stage(console, Findings(console), gateway, stena, clients, categories, olena, omid, deployment.inside)
    offers = list(opportunities.stream(OPPORTUNITIES, SEED, today))
    _step(console, f"{len(offers)} opportunities offered by their organisations", lambda: _offer(stage, offers))
    _step(console, "matching knows Olena, as far as it may", lambda: _wait_for_matching(stage))
    return stage


def _step(console: Console, done: str, work: Callable[[], Result]) -> Result:
    started = time.monotonic()
    result = work()
    console.print(f"  {done} [dim]({time.monotonic() - started:.1f} s)[/dim]", highlight=False)
    return result


def _import_people(stena: StenaCommand) -> None:
    lines = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in people.stream(PEOPLE, SEED))
    stena.feed("profile-svc", lines, "import", "/dev/stdin")


def _find(stena: StenaCommand, external_id: str) -> str:
    return stena.run("profile-svc", "person-find", external_id, "--created-by", protagonists.REGISTERED_BY).strip()


def _clients(deployment: Deployment, gateway: Gateway, olena: str) -> Mapping[str, Client]:
    """Clients of an earlier story are used again if the gateway still knows them; the person's own must be hers."""
    known = {name: client for name, client in deployment.credentials.read(olena).items() if gateway.knows(client)}
    wanted = [name for name in (*_SPEAKERS, _SELF) if name not in known]

    def register(organisation: str) -> Client:
        bound = ("--person", olena) if organisation == _SELF else ()
        named = ("--organisation", organisation, "--name", "demo story", *bound)
        made = ask(deployment.stena, "gateway", "client", "add", *named, "--json")
        return Client(organisation, made["client_id"], made["client_secret"])

    made = {organisation: register(organisation) for organisation in wanted}
    _wait_for(made.values(), gateway)
    deployment.credentials.write(olena, known | made)
    return known | made


def _wait_for(clients: Iterable[Client], gateway: Gateway) -> None:
    """The gateway learns of new clients within a second."""
    deadline = time.monotonic() + 5
    while not all(gateway.knows(client) for client in clients) and time.monotonic() < deadline:
        time.sleep(0.2)


def _categories(gateway: Gateway, client: Client) -> Mapping[str, str]:
    catalogue = gateway.expect("GET", "/v1/attributes", client)
    return {attribute["name"]: attribute["category"] for attribute in catalogue["attributes"]}


def _offer(stage: Stage, offers: list[Offer]) -> None:
    """Each organisation offers its own; what it offered in an earlier story is not offered twice."""
    for owner in sorted({offer.owner for offer in offers}):
        client, purpose = stage.clients[owner], "opportunity-management"
        page = stage.gateway.expect("GET", "/v1/opportunities", client, purpose, params={"own": "true", "limit": 500})
        there = {opportunity["title"] for opportunity in page["opportunities"]}
        for number, offer in enumerate(offers):
            if offer.owner == owner and offer.opportunity.title not in there:
                key = {"Idempotency-Key": f"demo-{SEED}-{number}-{offer.opportunity.starts_on}"}
                body: Any = offer.line()["opportunity"]
                stage.gateway.expect("POST", "/v1/opportunities", client, purpose, json=body, headers=key)


def _wait_for_matching(stage: Stage) -> None:
    asked = ("employment-agency", "job-ranking")
    path = f"/v1/persons/{stage.person_id(stage.olena, *asked)}/matches"
    deadline = time.monotonic() + _PATIENCE
    answer = stage.get(path, *asked, kind="job", limit=1)
    while answer.status != 200 or not answer.body["matches"]:
        if time.monotonic() > deadline:
            raise DeploymentError(f"matching-svc has nothing for Olena after {_PATIENCE:.0f} s: {answer.status} {answer.body}")
        time.sleep(0.3)
        answer = stage.get(path, *asked, kind="job", limit=1)
