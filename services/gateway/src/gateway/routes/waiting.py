"""What of everybody waits for the caller: one page of it, from the source that keeps it to the answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from gateway.calls import Call, Permit, Question, Seen, Shown, Stated
from gateway.firewall import pass_through
from gateway.parts import Parts
from gateway.redaction import check_page, members
from gateway.replies import Json, Reply, next_page, respond
from gateway.routes.selection import bound, open_cursor
from gateway.upstreams import MANY, Answer


def people(found: Sequence[Json]) -> tuple[Seen, ...]:
    """The ledger's words of a page that holds none of the catalogue's attributes."""
    return tuple(map(Seen, dict.fromkeys(each["person"] for each in found)))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A list that the source pages by itself, under ``path`` there and here; a page holds it as ``member``.

    ``show`` checks one and makes it what the caller sees; ``seen`` is what the ledger says of them; ``known_by`` is the member
    in which no two of them are alike."""

    question: Question
    path: str
    member: str
    show: Callable[[Parts, Permit, dict[str, Any]], Json]
    seen: Callable[[Sequence[Json]], tuple[Seen, ...]] = people
    known_by: str = "id"

    async def page(self, gateway: Parts, states: Stated, limit: int, cursor: str | None) -> Response:
        async def fetch(permit: Permit) -> Answer:
            after = None if cursor is None else str(open_cursor(gateway, cursor, bound(permit, self.path)))
            sent = {"limit": limit, "after": after}
            return await gateway.profile.ask("POST", [self.path, "search"], permit.passes[0], within=MANY, json=sent)

        def redact(permit: Permit, answer: Answer) -> Shown[Reply]:
            members(answer.body, {self.member, "next"}, f"page of {self.member}")
            found, last = answer.body[self.member], answer.body["next"]
            check_page([{"id": each[self.known_by]} for each in found], limit)
            following = None if last is None else gateway.cursors.seal(last, bound(permit, self.path))
            content = {self.member: [self.show(gateway, permit, each) for each in found], "next": following}
            links = next_page(f"/v1/{self.path}", [("limit", str(limit))], following)
            return Shown(Reply(content, headers=links), self.seen(found))

        return respond(await pass_through(gateway.wall, Call(states, (self.question,)), fetch, redact))
