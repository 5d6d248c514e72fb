"""The register of processing activities: from the rulebook that decides, for programs and for people."""

from datetime import date
from html.parser import HTMLParser

import jsonschema_rs
import pytest

from gateway.promised import Promised
from gateway.register import page as register_page
from gateway.register import register
from gateway.views.register import RegisterView
from stena.contracts.access import Disclosure
from stena.contracts.catalogue import ConsentScope, Promise, Promises
from stena.problems import Unavailable

from .neighbours import CATALOGUE, DISCLOSE
from .running import Running

AGENCY = CATALOGUE.organisations[0]


def promised(**members: object) -> Promises:
    """The agency ranks vacancies, and nobody does anything else."""
    fields = {
        "purpose": CATALOGUE.purposes[0],
        "operations": ("person:read",),
        "disclose": DISCLOSE,
        "withhold": {"gender": "not-necessary"},
        "legal_basis": "GDPR-6-1-e",
        "regions": ("BG",),
        "valid_from": "2026-01-01",
        "valid_until": "2028-12-31",
    }
    promise = Promise.model_validate(fields | members)
    return Promises(organisation=AGENCY, revision=CATALOGUE.revision, promises=(promise,))


def test_it_tells_what_is_promised_and_nothing_else() -> None:
    made = register.made(CATALOGUE, [promised()], "en")
    (activity,) = made["activities"]
    assert activity["purpose"] == "job-ranking"
    shown = {each["attribute"]: each["always"] for category in activity["data"] for each in category["attributes"]}
    assert shown == {"skills": True, "adult": True, "education_level": True, "adjustments_needed": False}
    assert [each["organisation"] for each in activity["recipients"]] == ["employment-agency"]
    RegisterView.model_validate(made)


def test_what_one_recipient_gets_on_a_condition_is_not_always_so() -> None:
    always = promised(disclose={"skills": Disclosure(when=True)})
    assert register.made(CATALOGUE, [always], None)["activities"][0]["data"][0]["attributes"][0]["always"]
    sometimes = promised(disclose={"skills": DISCLOSE["adjustments_needed"]})
    for order in ([always, sometimes], [sometimes, always]):
        (activity,) = register.made(CATALOGUE, order, None)["activities"]
        assert not activity["data"][0]["attributes"][0]["always"]


def test_what_rests_on_consent_is_named() -> None:
    catalogue = CATALOGUE.model_copy(update={"consents": {"job-ranking": ConsentScope(discloses=("adjustments_needed",))}})
    assert register.made(catalogue, [promised()], None)["activities"][0]["on_consent"] == ["adjustments_needed"]


class Read(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.said.append(data)


@pytest.mark.parametrize(
    ("language", "direction", "title"),
    [("bg", "ltr", "Регистър на дейностите по обработване"), ("ar", "rtl", "سجل أنشطة المعالجة"), ("xx", "ltr", "Register")],
)
def test_the_page_speaks_the_readers_language(language: str, direction: str, title: str) -> None:
    page = register_page.page(register.made(CATALOGUE, [promised()], language), language)
    assert f'dir="{direction}"' in page
    assert title in page


def test_the_page_runs_nothing_that_a_rulebook_says() -> None:
    hostile = CATALOGUE.purposes[0].model_copy(update={"description": "<script>alert(1)</script>", "titles": {"en": '"><b>'}})
    catalogue = CATALOGUE.model_copy(update={"purposes": (hostile,)})
    read = Read()
    read.feed(register_page.page(register.made(catalogue, [promised(purpose=hostile)], "en"), "en"))
    assert not {"script", "b", "img"} & set(read.tags)
    assert "<script>alert(1)</script>" in read.said


async def test_the_call_answers_programs_and_people(running: Running) -> None:
    caller = await running.caller()
    answer = await caller.call("GET", "/v1/register", purpose=None)
    assert answer.status_code == 200, answer.text
    document = (await caller.http.get("/openapi.json")).json()
    schema = {"$id": "urn:document", "components": document["components"], "$ref": "#/components/schemas/RegisterView"}
    jsonschema_rs.validator_for(schema).validate(answer.json())
    page = await caller.call("GET", "/v1/register", purpose=None, headers={"Accept": "text/html", "Accept-Language": "bg"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "Регистър" in page.text
    refused = await caller.call("GET", "/v1/register", purpose=None, headers={"Accept": "text/csv"})
    assert refused.status_code == 406
    assert (await caller.http.get("/v1/register")).status_code == 401


async def test_policy_svc_is_asked_once_for_all_that_read_it(running: Running) -> None:
    caller = await running.caller()
    for _ in range(3):
        assert (await caller.call("GET", "/v1/register", purpose=None)).status_code == 200
    asked = [each.url.path for each in running.neighbours.asked if each.url.path.endswith("/promises")]
    assert sorted(asked) == sorted(set(asked))


async def test_what_changes_meanwhile_and_what_fails_is_not_remembered() -> None:
    asked = list[str]()

    async def ask(organisation: str) -> Promises:
        asked.append(organisation)
        if len(asked) == 1:
            raise Unavailable("gone")
        return promised()

    known, today = Promised(ask), date(2026, 6, 1)
    with pytest.raises(Unavailable):
        await known.of((CATALOGUE.revision, today), ["employment-agency"])
    for revision, count in (("sha256:next", 2), ("sha256:next", 3), (CATALOGUE.revision, 4), (CATALOGUE.revision, 4)):
        await known.of((revision, today), ["employment-agency"])
        assert len(asked) == count
