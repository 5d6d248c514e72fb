import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stena.contracts.access import BINDING, Disclosure, Grant
from stena.contracts.condition import Overlaps
from stena.grant_texts import GrantTexts

BOUND = {
    "iss": "policy-svc", "aud": "profile-svc", "iat": 1, "exp": 61, "jti": "dec_1", "client": "cli_1", "acting_user": None,
    "operation": "read", "resource": "person", "target": "p1", "case": None,
}  # fmt: skip
OTHER = {**BOUND, "jti": "dec_2", "target": "p2", "client": None, "acting_user": 'a,"organisation":"b', "iat": 2}
TERMS = Grant(
    **BOUND,
    organisation="agency",
    purpose="job-ranking",
    rulebook="sha256:0",
    rows=True,
    disclose={"skills": Disclosure(when=True), "phone": Disclosure(when=Overlaps(fact="assigned", values=("agency",)))},
    withhold={"gender": "not-necessary"},
).terms()


def text(bound: dict[str, object], terms: str = TERMS) -> bytes:
    return orjson.dumps(bound)[:-1] + b"," + terms[1:].encode()


def whole(written: bytes) -> Grant:
    return Grant.model_validate(orjson.loads(written))


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                **{name: st.text(max_size=20) for name in ("iss", "aud", "jti", "operation", "resource")},
                **{name: st.none() | st.text(max_size=20) for name in ("client", "acting_user", "target", "case")},
                **{name: st.integers(0, 2**40) for name in ("iat", "exp")},
            }
        ),
        min_size=1,
    )
)
def test_whatever_is_remembered_a_grant_is_what_its_own_text_says(bounds: list[dict[str, object]]) -> None:
    texts = GrantTexts()
    for written in (text(each, terms) for each in bounds for terms in (TERMS, TERMS.replace("job-ranking", "legal-aid"))):
        read = texts.read(written)
        assert read == whole(written)
        assert read.terms() == whole(written).terms()


@pytest.mark.parametrize(
    "changed",
    [
        {**OTHER, "target": 7},
        {**OTHER, "iat": "2"},
        {**OTHER, "exp": True},
        {name: value for name, value in OTHER.items() if name != "aud"},
        {**OTHER, "another": "member"},
    ],
)
def test_what_binds_is_read_as_strictly_with_known_terms_as_without(changed: dict[str, object]) -> None:
    texts = GrantTexts()
    texts.read(text(BOUND))
    for known in (texts, GrantTexts()):
        with pytest.raises(ValidationError):
            known.read(text(changed))


@pytest.mark.parametrize(
    ("bound", "terms"),
    [
        ({**BOUND, "rows": False}, TERMS),  # said twice: the last one counts, as for any reader
        (BOUND, TERMS[:-1] + ',"target":"p9"}'),
        ({name: value for name, value in BOUND.items() if name != "case"}, TERMS[:-1] + ',"case":"c1"}'),
    ],
)
def test_terms_that_do_not_stand_by_themselves_are_not_remembered(bound: dict[str, object], terms: str) -> None:
    texts = GrantTexts()
    for bound_so in (bound, {**bound, "jti": "dec_3"}):
        assert texts.read(text(bound_so, terms)) == whole(text(bound_so, terms))


def test_a_copy_with_other_terms_has_those() -> None:
    grant = GrantTexts().read(text(BOUND))
    assert grant.model_copy(update={"target": "p2"}).terms() == grant.terms()
    narrowed = grant.model_copy(update={"rows": False})
    assert narrowed.terms() == Grant.model_validate(narrowed.model_dump()).terms() != grant.terms()


def test_everything_a_grant_says_is_either_bound_or_a_term() -> None:
    assert BOUND.keys() == BINDING
    assert orjson.loads(TERMS).keys() == Grant.model_fields.keys() - BINDING
