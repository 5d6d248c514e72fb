"""The services behind the gateway, as calls. The only module of the gateway that speaks HTTP to anybody.

Data comes back as plain JSON: whether it may leave is for ``redaction`` to say.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

import httpx
import orjson
import structlog
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from gateway.calls import Pass
from gateway.credentials import issuers
from gateway.credentials.signed_tokens import keys_in
from gateway.firewall import NotVisible
from gateway.source_refusals import refusal
from stena.contracts.access import Evaluation, EvaluationResponse, Evaluations, EvaluationsResponse
from stena.contracts.catalogue import Promises
from stena.contracts.profile import OneMore, Reads
from stena.contracts.vocabulary import Concepts, Proposals
from stena.problems import Unavailable
from stena.together import Together
from stena.upstreams import CannotAnswer, Http, Response, send

log = structlog.get_logger()
Body = TypeVar("Body", bound=BaseModel)
Answers = tuple[EvaluationResponse, ...]

DECIDING: Final = 0.7  # seconds; with recording that nothing was decided, still within one second
ONE: Final = 0.7  # seconds for one record; with recording that there was no answer, still within one second
MANY: Final = 5.0  # seconds for a page, as long as its source shows that it is well
CHECKING: Final = 30.0  # seconds to check a rulebook and compare it with another
WELL: Final = 0.25  # seconds in which a source says so
PROVIDER: Final = 3.0  # seconds for a document of a provider outside; its keys are kept for minutes
LONGEST_DOCUMENT: Final = 1 << 18  # bytes
_NO_KEYS: Final = "Whether this token holds cannot be told. Try again shortly."


class Policy:
    """policy-svc as the decision point. ``key`` shows that the gateway is an enforcement point, so that it gets grants."""

    def __init__(self, http: Http, key: str) -> None:
        self._http = http
        self._headers = {"Authorization": f"Bearer {key}"}
        self._together = Together(self._evaluate_alone, self._evaluate_together, weigh=len)

    async def evaluate(self, questions: Sequence[Evaluation]) -> Answers:
        """One answer for each question, in order; raises ``Unavailable``. Calls that come at once are asked for together."""
        return await self._together.ask(questions)

    async def _evaluate_alone(self, questions: Sequence[Evaluation]) -> Answers:
        response = await self._asked(questions)
        if response.status_code != 200:
            raise Unavailable("policy-svc does not understand the question.")
        try:
            return EvaluationsResponse.model_validate_json(response.content).evaluations
        except ValidationError as error:
            raise Unavailable("policy-svc gave an answer that cannot be read.") from error

    async def _evaluate_together(self, calls: Sequence[Sequence[Evaluation]]) -> Sequence[Answers | None]:
        """Whatever is wrong with one of them, or with the answer to one, is nothing to the others."""
        questions = [question for each in calls for question in each]
        answers = _each(await self._asked(questions), "evaluations", len(questions))
        return [_understood(tuple(islice(answers, len(each)))) for each in calls]

    async def _asked(self, questions: Sequence[Evaluation]) -> Response:
        body = Evaluations(evaluations=tuple(questions)).model_dump(mode="json")
        return await send(self._http, "POST", "/access/v1/evaluations", within=DECIDING, headers=self._headers, json=body)

    async def answers(self) -> None:
        """For readiness: policy-svc can be reached; raises ``Unavailable``."""
        await send(self._http, "GET", "/healthz", within=ONE, headers={})

    async def promises(self, organisation: str) -> Promises:
        """What the organisation's purposes would disclose; raises ``NotVisible`` for one that the rulebook does not know."""
        path = f"/rulebook/organisations/{quote(organisation, safe='')}/promises"
        response = await send(self._http, "GET", path, within=ONE, headers=self._headers)
        if response.status_code == 404:
            raise NotVisible
        if response.status_code != 200:
            raise Unavailable("policy-svc cannot say what this organisation may see.")
        return Promises.model_validate_json(response.content)


class Source:
    """A service that owns data and answers only with a grant: profile-svc or matching-svc."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def ask(
        self,
        method: str,
        path: Sequence[str],
        allowed: Pass,
        *,
        within: float = ONE,
        query: Sequence[tuple[str, str]] = (),
        json: Any = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> "Answer":
        """One call under a grant. ``path`` is given in parts, each quoted here. Headers that are ``None`` are left out.

        Raises ``NotVisible``, ``Rejected`` (with the problem for the caller) or ``Unavailable``.
        """
        url = "".join(f"/{quote(part, safe='')}" for part in path) + (f"?{urlencode(query)}" if query else "")
        sent = {"Authorization": f"Bearer {allowed.token}"} | {k: v for k, v in (headers or {}).items() if v is not None}
        asked = send(self._http, method, url, within=within, headers=sent, json=json)
        response = await (asked if within <= ONE else self._while_well(asked))
        if not response.is_success:
            raise refusal(response)
        try:
            return Answer(response.status_code, None if response.status_code == 204 else orjson.loads(response.content))
        except orjson.JSONDecodeError as error:
            raise Unavailable("A service that this answer depends on gave an answer that cannot be read.") from error

    async def _while_well(self, asked: Coroutine[Any, Any, Response]) -> Response:
        """What takes long is waited for, but not from a source that fell silent: that is known within a second too."""
        asking = asyncio.create_task(asked)
        try:
            while not (await asyncio.wait({asking}, timeout=ONE))[0]:
                await send(self._http, "GET", "/readyz", within=WELL, headers={})
            return asking.result()
        finally:
            asking.cancel()


class People(Source):
    """profile-svc. People whom several calls want at once are asked for together, each under the grant of its own call."""

    def __init__(self, http: Http) -> None:
        super().__init__(http)
        self._together = Together(self._person_alone, self._people_together)

    async def person(self, allowed: Pass, fields: Sequence[str] | None = None) -> Any:
        """The one person of the grant; raises as ``ask`` does."""
        return await (self._together.ask(allowed) if fields is None else self._person_alone(allowed, fields))

    async def _person_alone(self, allowed: Pass, fields: Sequence[str] = ()) -> Any:
        query = [("operation", "read"), *(("fields", name) for name in fields)]
        return (await self.ask("GET", ["persons", allowed.grant.target or ""], allowed, query=query)).body

    async def _people_together(self, passes: Sequence[Pass]) -> Sequence[Any]:
        """``None`` for whoever is not simply there: why not, the source says to whoever asks alone."""
        others = tuple(OneMore(person=each.grant.target or "", grant=each.token) for each in passes[1:])
        reads = Reads(person=passes[0].grant.target or "", others=others)
        sent = {"Authorization": f"Bearer {passes[0].token}"}
        response = await send(self._http, "POST", "/persons/read", within=ONE, headers=sent, json=reads.model_dump())
        return list(_each(response, "people", len(passes)))


class Rulebooks(Source):
    """policy-svc as the owner of the rulebook. It compares for seconds what it is to activate; nobody's data waits for that."""

    async def _while_well(self, asked: Coroutine[Any, Any, Response]) -> Response:
        """Who asks again meanwhile would have it compared once more."""
        return await asked


class Providers:
    """OpenID Connect providers (OpenID Connect Discovery 1.0), and whoever else publishes keys."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def keys(self, issuer: str) -> KeySet:
        """The public keys that ``issuer`` publishes now; raises ``Unavailable``."""
        found = await self._document(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            if found["issuer"] != issuer:
                raise ValueError("another issuer")
            return await self.published(found["jwks_uri"])
        except (KeyError, TypeError, ValueError) as error:
            log.error("a provider publishes nothing that can be read", issuer=issuer, kind=type(error).__name__)
            raise Unavailable(_NO_KEYS) from error

    async def published(self, url: str) -> KeySet:
        """The public keys that stand at ``url`` now; raises ``Unavailable``."""
        try:
            issuers.require_safe(url)
            return keys_in(await self._document(url))
        except (TypeError, ValueError) as error:
            log.error("keys that cannot be read", url=url, kind=type(error).__name__)
            raise Unavailable(_NO_KEYS) from error

    async def _document(self, url: str) -> Any:
        """Read no further than it may be long, whoever publishes it. A redirect is no document."""
        read = bytearray()
        try:
            async with asyncio.timeout(PROVIDER), self._http.stream("GET", url) as response:
                async for chunk in response.aiter_bytes():
                    read += chunk
                    if len(read) > LONGEST_DOCUMENT:
                        raise Unavailable(_NO_KEYS)
        except (httpx.HTTPError, TimeoutError, OSError) as error:
            raise Unavailable(_NO_KEYS) from error
        if response.status_code != 200:
            raise Unavailable(_NO_KEYS)
        return orjson.loads(bytes(read))


class Vocabulary:
    """matching-svc's vocabulary. It is about nobody, so it is asked without a grant; raises ``Rejected`` or ``Unavailable``."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def find(self, query: Mapping[str, Any]) -> Concepts:
        return await self._ask("/concepts/search", query, Concepts)

    async def propose(self, vacancy: Mapping[str, Any]) -> Proposals:
        return await self._ask("/concepts/proposals", vacancy, Proposals)

    async def _ask(self, path: str, body: Mapping[str, Any], form: type[Body]) -> Body:
        response = await send(self._http, "POST", path, within=MANY, headers={}, json=body)
        if response.status_code != 200:
            raise refusal(response)
        try:
            return form.model_validate_json(response.content)
        except ValidationError as error:
            raise Unavailable("A service that this answer depends on gave an answer that cannot be read.") from error


class Webhook:
    """Whoever is told of alerts. What it answers beyond yes or no is nobody's concern."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._url = url

    async def send(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Whether it took the message within ``MANY`` seconds. Redirects are not followed."""
        try:
            async with asyncio.timeout(MANY):
                response = await self._http.post(self._url, content=body, headers=dict(headers))
        except (httpx.HTTPError, TimeoutError, OSError):
            return False
        return response.is_success


class Answer:
    """What a source said. ``repeated``: the same ``Idempotency-Key`` was answered before, and this is that answer."""

    __slots__ = ("body", "status")

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body

    @property
    def repeated(self) -> bool:
        return self.status == 200


def _each(response: Response, member: str, number: int) -> Iterator[Any]:
    """The ``member`` of an answer, which has one for each of so many who were asked for together."""
    found = orjson.loads(response.content).get(member) if response.status_code == 200 else None
    if not isinstance(found, list) or len(found) != number:
        raise CannotAnswer("A service does not answer for each who was asked for.")
    return iter(found)


def _understood(answers: tuple[Any, ...]) -> Answers | None:
    try:
        return EvaluationsResponse.model_validate({"evaluations": answers}).evaluations
    except ValidationError:
        return None
