"""What of all that was said holds now: a no beats a yes, a guardian's yes ends with minority, an end is an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from profile_svc.said import Said, following, live_consents

NOW = datetime(2026, 6, 1, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
APPROVED = ("bakery", "bridges", "school")


def said(recipient: str | None = None, state: Any = "given", **more: Any) -> Said:
    covers = () if recipient else APPROVED
    return Said(uuid7(), "mentoring", recipient, state, NOW, "somebody", **{"covers": covers, **more})


def tokens(*newest: Said, minor: bool = False) -> set[str]:
    return set(live_consents(newest, minor, NOW).tokens)


def test_the_fact_holds_what_lives_and_when_to_look_again() -> None:
    newest = [
        said(expires_at=LATER),
        said("bakery", expires_at=LATER + timedelta(days=1)),
        said("school", expires_at=NOW),
    ]
    live = live_consents(newest, False, NOW)
    assert live.tokens == ("mentoring", "mentoring@bakery")
    assert live.next_end == LATER


def test_a_consent_for_all_reaches_nobody_who_was_refused() -> None:
    assert tokens(said()) == {"mentoring"}
    assert tokens(said(), said("bakery", "refused")) == {"mentoring@bridges", "mentoring@school"}
    assert tokens(said(), said("bakery", "withdrawn"), said("bridges")) == {"mentoring@bridges", "mentoring@school"}
    assert tokens(said(covers=()), said("bakery", "refused")) == set(), "whom it meant is not known any more"


def test_a_consent_that_merely_ended_refuses_nobody() -> None:
    assert tokens(said(), said("bakery", expires_at=NOW)) == {"mentoring"}


def test_a_guardian_decides_as_long_as_the_person_is_under_age_and_nobody_else_does() -> None:
    theirs, own = said(given_by="guardian"), said("school", given_by="person")
    assert tokens(theirs, own, minor=True) == {"mentoring"}
    assert tokens(theirs, own, minor=False) == {"mentoring@school"}


def test_a_no_for_all_is_one_for_every_single_recipient() -> None:
    known = [said("bakery"), said("bridges", "refused"), said("school")]
    words = following(known, said(None, "withdrawn"))
    assert {(one.recipient, one.state) for one in words} == {
        (None, "withdrawn"),
        ("bakery", "withdrawn"),
        ("school", "withdrawn"),
    }
    assert len({one.consent_id for one in words}) == len(words)
    assert len(following(known, said())) == 1, "a yes for all takes no single no back"


WORDS = st.lists(st.tuples(st.sampled_from([None, *APPROVED]), st.sampled_from(["given", "refused", "withdrawn"])), max_size=8)


@given(WORDS)
def test_after_a_last_no_nothing_is_open_to_whom_it_was_said(words: list[tuple[str | None, str]]) -> None:
    newest: dict[str | None, Said] = {}
    for recipient, state in words:
        for word in following(list(newest.values()), said(recipient, state)):
            newest[word.recipient] = word
    open_to = tokens(*newest.values())
    last = dict(words)
    for one in APPROVED:
        reached = bool(open_to & {"mentoring", f"mentoring@{one}"})
        heard = [state for recipient, state in words if recipient in (None, one)]
        if not heard or heard[-1] != "given" or last.get(one, "given") != "given":
            assert not reached
