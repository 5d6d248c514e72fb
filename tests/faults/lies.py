"""What policy-svc, or somebody in its place, might say instead of its answer: each a way in which a wall could be talked open.

Those who tell the worst of these hold policy-svc's own key.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.jwk import OKPKey

from stena.grants import ALGORITHM, TYPE
from stena.keys import signing_key

from .wires import Answer, Retell, Send

DECISIONS: Final = b'"evaluations"'
"""Only answers with decisions are lied about; keys and catalogues are passed on."""
HUGE: Final = 70  # times a mebibyte
DRIP: Final = 0.3  # seconds between two bytes
ANOTHERS: Final = "01920000-0000-7000-8000-000000000000"
_STRANGER: Final = OKPKey.generate_key("Ed25519")

Change = Callable[[dict[str, Any]], None]
Token = Callable[[str], str]


@dataclass(frozen=True)
class Liar:
    """``secrets`` is the folder of the deployment's: the grant key is among them."""

    secrets: Path

    def all(self) -> Mapping[str, Retell]:
        return {
            "no JSON": _body(lambda body: body[:-2] + b"<"),
            "empty": _body(lambda body: b""),
            "a page of HTML": _body(lambda body: b"<!doctype html><title>Welcome</title>"),
            "an error": _status(b"500 Internal Server Error"),
            "fewer answers": _body(lambda body: orjson.dumps({"evaluations": []})),
            "yes to everything, no grant": _each(_yes),
            "huge": _huge,
            "drop by drop": _drip,
            "unsigned": self._grants(_unsigned),
            "signed by another": self._grants(self._by_another),
            "expired": self._changed(lambda grant: grant.update(iat=grant["iat"] - 3600, exp=grant["exp"] - 3600)),
            "for ever": self._changed(lambda grant: grant.update(exp=grant["exp"] + 3600)),
            "of another purpose": self._changed(lambda grant: grant.update(purpose="vital-interest")),
            "of another person": self._changed(lambda grant: grant.update(target=ANOTHERS)),
            "of another client": self._changed(lambda grant: grant.update(client="cli_0000000000000000")),
            "of another operation": self._changed(lambda grant: grant.update(operation="export")),
            "for another service": self._changed(lambda grant: grant.update(aud="nobody")),
            "of another rulebook": self._changed(lambda grant: grant.update(rulebook="sha256:" + "0" * 64)),
        }

    def _changed(self, change: Change) -> Retell:
        """Grants with other contents, signed as policy-svc signs."""

        def token(text: str) -> str:
            grant = orjson.loads(jws.extract_compact(text.encode()).payload)
            change(grant)
            return _signed(grant, self._key())

        return self._grants(token)

    def _by_another(self, text: str) -> str:
        """Under the name of policy-svc's key."""
        return _signed(orjson.loads(jws.extract_compact(text.encode()).payload), _STRANGER, self._key().kid)

    def _grants(self, token: Token) -> Retell:
        def change(evaluation: dict[str, Any]) -> None:
            if evaluation["context"].get("grant"):
                evaluation["context"]["grant"] = token(evaluation["context"]["grant"])

        return _each(change)

    def _key(self) -> OKPKey:
        return signing_key(self.secrets / "grant-key")


def _body(change: Callable[[bytes], bytes]) -> Retell:
    async def retell(answer: Answer, send: Send) -> None:
        await send((answer.with_body(change(answer.body)) if DECISIONS in answer.body else answer).bytes())

    return retell


def _status(status: bytes) -> Retell:
    async def retell(answer: Answer, send: Send) -> None:
        await send((answer.with_status(status) if DECISIONS in answer.body else answer).bytes())

    return retell


def _each(change: Change) -> Retell:
    """Every decision in an answer changed."""

    def changed(body: bytes) -> bytes:
        told = orjson.loads(body)
        for evaluation in told["evaluations"]:
            change(evaluation)
        return orjson.dumps(told)

    return _body(changed)


async def _huge(answer: Answer, send: Send) -> None:
    if DECISIONS not in answer.body:
        await send(answer.bytes())
        return
    blanks = b" " * (1 << 20)
    await send(answer.with_length(len(answer.body) + HUGE * len(blanks)))
    for _ in range(HUGE):
        await send(blanks)
    await send(answer.body)


async def _drip(answer: Answer, send: Send) -> None:
    if DECISIONS not in answer.body:
        await send(answer.bytes())
        return
    for byte in answer.bytes():
        await send(bytes([byte]))
        await asyncio.sleep(DRIP)


def _yes(evaluation: dict[str, Any]) -> None:
    evaluation["decision"] = True
    evaluation["context"].pop("grant", None)


def _unsigned(text: str) -> str:
    return text.rpartition(".")[0] + "."


def _signed(grant: Mapping[str, Any], key: OKPKey, kid: str | None = None) -> str:
    header = {"alg": ALGORITHM, "kid": kid or key.kid, "typ": TYPE}
    return jws.serialize_compact(header, orjson.dumps(grant), key, algorithms=[ALGORITHM])
