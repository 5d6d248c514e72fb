"""What two records of one person say of consents, as one. Pure.

INVARIANT: the stricter word stands. Who said no in one of them has said no; who said yes in both has said it until the earlier
end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from uuid_utils.compat import uuid7

from profile_svc.said import Said

Matter = tuple[str, str | None]
"""Purpose and recipient."""


def words_to_add(this: Sequence[Said], other: Sequence[Said], by: str, at: datetime) -> list[Said]:
    """What is to be recorded beside all that was said, so that the newest word of each matter is the stricter one.

    ``this`` and ``other`` are the newest words of each record for each purpose and recipient.
    """
    records = [_by_matter(words) for words in (this, other)]
    matters = dict.fromkeys(matter for record in records for matter in record)
    added = []
    for purpose, recipient in matters:
        known = [record[purpose, recipient] for record in records if (purpose, recipient) in record]
        newest = max(known, key=lambda said: (said.recorded_at, said.consent_id))
        if any(_refuses(record, purpose, recipient) for record in records):
            if newest.state == "given":
                ended = {"state": "withdrawn", "expires_at": None, "child_view": None, "covers": ()}
                added.append(_anew(newest, by, at, **ended))
        else:
            ends = min((said.expires_at for said in known if said.expires_at is not None), default=None)
            covers = tuple(sorted(frozenset.intersection(*(frozenset(said.covers) for said in known))))
            if (newest.expires_at, newest.covers) != (ends, covers):
                added.append(_anew(newest, by, at, expires_at=ends, covers=covers))
    return added


def _by_matter(words: Iterable[Said]) -> dict[Matter, Said]:
    return {(said.purpose, said.recipient): said for said in words}


def _refuses(record: dict[Matter, Said], purpose: str, recipient: str | None) -> bool:
    """A record's own word on the matter; without one, its no to everybody is a no to this one too."""
    said = record.get((purpose, recipient)) or record.get((purpose, None))
    return said is not None and said.state != "given"


def _anew(said: Said, by: str, at: datetime, **changes: object) -> Said:
    word: Said = replace(said, consent_id=uuid7(), recorded_at=at, recorded_by=by, sealed=None, **changes)  # type: ignore[arg-type]
    return word
