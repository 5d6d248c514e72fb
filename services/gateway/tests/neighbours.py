"""What stands around the gateway in its own tests: neighbours that a test can make slow, gone or dishonest.

They sign real grants and answer over real HTTP messages; how the true ones answer is tested with them, in
``tests/system``.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from joserfc.jwk import OKPKey

from stena import grants
from stena.contracts.access import Disclosure, Grant
from stena.contracts.catalogue import Attribute, Catalogue, Organisation, Promise, Promises, Purpose

MAY = ("note:read", "referral:amend")
AUDIENCE = {"ledger": "gateway", "opportunity": "matching-svc"}


EXAMPLES: dict[str, Any] = {"string": "x", "boolean": True, "integer": 3, "number": 0.5, "array": ["x"]}


def attribute(name: str, kind: str = "string", **members: Any) -> Attribute:
    defaults: dict[str, Any] = {
        "category": "skills",
        "sensitivity": "ordinary",
        "titles": {"en": name.title(), "bg": f"БГ {name}"},
        "description": name,
        "schema": {"type": kind},
        "examples": (EXAMPLES[kind],),
    }
    return Attribute.model_validate(defaults | members | {"name": name})


def purpose(name: str, **members: Any) -> Purpose:
    defaults: dict[str, Any] = {"titles": {"en": f"The purpose {name}", "bg": f"Целта {name}"}, "description": name, "dpv": "x"}
    return Purpose.model_validate(defaults | members | {"id": name})


CATALOGUE = Catalogue(
    revision="sha256:test",
    country="BG",
    attributes=(
        attribute("skills", "array", schema={"type": "array", "items": {"type": "string"}}, filters=("has",)),
        attribute("adult", "boolean", filters=("eq",)),
        attribute("education_level", "integer", filters=("eq", "ge", "in"), sortable=True),
        attribute("gender", category="gender", sensitivity="protected"),
        attribute("adjustments_needed", category="support", sensitivity="sensitive"),
    ),
    purposes=(
        purpose("job-ranking", ids="purpose", kinds=("job",)),
        purpose("registration"),
        purpose("data-subject-access"),
    ),
    organisations=(
        Organisation(id="employment-agency", name="Employment Agency (demo)", kind="authority"),
        Organisation(id="reception-agency", name="Reception Agency (demo)", kind="authority"),
        Organisation(id="self-service", name="Self service (demo)", kind="person"),
    ),
)

DISCLOSE = {
    "skills": Disclosure(when=True),
    "adult": Disclosure(when=True),
    "education_level": Disclosure(when=True),
    "adjustments_needed": Disclosure.model_validate(
        {"when": {"op": "overlaps", "fact": "consents", "values": ["job-ranking"]}, "otherwise": "consent-missing"}
    ),
}


def view(person: str, **members: Any) -> dict[str, Any]:
    """A person as an honest profile-svc answers under the grants that ``Neighbours`` makes."""
    honest: dict[str, Any] = {
        "id": person,
        "attributes": {"skills": ["a"], "adult": True, "education_level": 3},
        "provenance": {"skills": {"verified": True}},
        "withheld": {"gender": "not-necessary", "adjustments_needed": "consent-missing"},
        "updated_at": "2026-06-01T00:00:00Z",
        "etag": "tag",
    }
    return honest | members


@dataclass
class Neighbours(httpx.AsyncBaseTransport):
    """policy-svc, profile-svc and matching-svc as the gateway sees them."""

    key: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"}, auto_kid=True))
    catalogue: Catalogue = CATALOGUE
    deny: dict[str, Any] | None = None
    spoil_grant: Callable[[Grant], Grant] = lambda grant: grant
    spoil_decisions: Callable[[list[dict[str, Any]]], httpx.Response] = lambda answers: httpx.Response(
        200, json={"evaluations": answers}
    )
    answer: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(404, json={})
    gone: set[str] = field(default_factory=set)
    asked: list[httpx.Request] = field(default_factory=list)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.asked.append(request)
        if request.url.host in self.gone:
            raise httpx.ConnectError("gone")
        if request.url.host != "policy":
            return self.answer(request)
        match request.url.path:
            case "/rulebook":
                return httpx.Response(200, content=self.catalogue.model_dump_json())
            case "/.well-known/jwks.json":
                return httpx.Response(200, json={"keys": [self.key.as_dict(private=False)]})
            case path if path.endswith("/promises"):
                return httpx.Response(200, content=self._promises(path.split("/")[3]).model_dump_json())
            case _:
                answers = [self._decide(each) for each in orjson.loads(request.content)["evaluations"]]
                return self.spoil_decisions(answers)

    def sources_asked(self) -> list[httpx.Request]:
        return [request for request in self.asked if request.url.host != "policy"]

    def decided(self) -> list[dict[str, Any]]:
        """Every question that was put to policy-svc."""
        bodies = [orjson.loads(request.content) for request in self.asked if request.url.path == "/access/v1/evaluations"]
        return [question for body in bodies for question in body["evaluations"]]

    def _promises(self, organisation: str) -> Promises:
        """Everybody may read notes and answer referrals, for every purpose."""
        known = next(each for each in self.catalogue.organisations if each.id == organisation)
        dates = {"valid_from": "2026-01-01", "valid_until": "2028-12-31"}
        promises = tuple(
            Promise(purpose=each, operations=MAY, disclose={}, withhold={}, legal_basis="x", regions=("BG",), **dates)
            for each in self.catalogue.purposes
        )
        return Promises(organisation=known, revision=self.catalogue.revision, promises=promises)

    def _decide(self, asked: dict[str, Any]) -> dict[str, Any]:
        context = {"id": str(uuid.uuid4()), "rulebook": self.catalogue.revision, "rules": ["rule.one"]}
        if self.deny is not None:
            return {"decision": False, "context": context | self.deny}
        grant = self.spoil_grant(self._grant(asked))
        return {"decision": True, "context": context | {"grant": grants.sign(grant, self.key)}}

    def _grant(self, asked: dict[str, Any]) -> Grant:
        resource, context, claimed = asked["resource"], asked["context"], asked["subject"]["properties"]
        purposes = {each.id: each for each in self.catalogue.purposes}
        return Grant(
            iss=grants.ISSUER,
            aud=AUDIENCE.get(resource["type"], "profile-svc"),
            iat=int(time.time()),
            exp=int(time.time()) + grants.LIFETIME,
            jti=uuid.uuid4().hex,
            organisation=asked["subject"]["id"],
            client=claimed.get("client"),
            acting_user=claimed.get("acting_user"),
            operation=asked["action"]["name"],
            resource=resource["type"],
            target=None if resource["id"] == "*" else resource["id"],
            purpose=context["purpose"],
            case=context.get("case"),
            rulebook=self.catalogue.revision,
            ids=purposes[context["purpose"]].ids,
            rows=True,
            disclose=DISCLOSE,
            withhold={"gender": "not-necessary"},
        )
