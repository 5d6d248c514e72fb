"""The starter rulebook against the table of what each purpose may do and write, transcribed here. All else is a deny."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest

from policy_svc.decisions import Decision, decide
from policy_svc.loading import load
from policy_svc.rulebook import Rulebook
from policy_svc.vocabulary import OPERATIONS
from stena.contracts.access import Action, Evaluation, Resource, Subject
from stena.contracts.condition import holds

FOLDER = Path(__file__).parents[2] / "deploy" / "rulebook"
TODAY = datetime(2026, 6, 1, 12, tzinfo=UTC)

CARE = "read, list, amend (assigned)"
ON_PEOPLE = {
    "registration": "create, amend (own), read (own), list (own)",
    "job-ranking": "read, list, export, changes, match, allocate, amend (assigned)",
    "training-placement": "read, list, changes, match, allocate, amend (assigned)",
    "service-referral": "read, match",
    "mentoring": "read, match, changes",
    "anonymous-shortlist": "match",
    "introduction": "read",
    "right-to-work-check": "read",
    "qualification-recognition": "read, amend",  # amend, for it writes the recognition
    "legal-aid": "read, amend (assigned)",  # amend, for it writes the status
    **dict.fromkeys(("accommodation", "health-access", "school-enrolment", "social-benefits", "guardianship"), CARE),
    "case-continuity": "read, list, restrict (assigned)",  # restrict, at the wish of those whom they look after
    # access, where the table says export: all of one's own is another thing than a list as a file
    "data-subject-access": "read, access, correct, restrict, object, erase",
    "eligibility-check": "check",
    "deduplication": ", ".join(f"{each} (own or assigned)" for each in ("compare", "distinguish", "merge", "separate")),
    "vital-interest": "read",  # not in the table, but it reads
}
ON_NOTES = {
    # Who may write notes shares their own; what is shared with a purpose is read beside what is own (test_notes).
    "case-continuity": "read (own), create, share (own), unshare (own), release (own)",
    "registration": "read (own), create (assigned), share (own), unshare (own), release (own)",
    "guardianship": "read (own), create (assigned), share (own), unshare (own), release (own)",
    "legal-aid": "read (own)",
    # data-subject-access: read, third parties masked: within access to the person, of released notes
}
# Whoever may write an attribute of somebody decides about corrections that they propose to it (GDPR Art 16).
DECIDE = "read (assigned), list (assigned), decide (assigned)"
ON_CORRECTIONS = {
    "registration": "read (own), list (own), decide (own)",
    "qualification-recognition": "read, list, decide",
    **dict.fromkeys(
        (
            "job-ranking",
            "training-placement",
            "legal-aid",
            "accommodation",
            "health-access",
            "school-enrolment",
            "guardianship",
        ),
        DECIDE,
    ),
    "data-subject-access": "read",
}
# Of those objected to (GDPR Art 21) each decides for itself, for the purpose that it is about.
OBJECTED_TO = (
    *("job-ranking", "anonymous-shortlist", "right-to-work-check", "training-placement", "mentoring", "service-referral"),
    *("qualification-recognition", "school-enrolment", "registration", "accommodation", "social-benefits", "guardianship"),
    *("legal-aid", "case-continuity", "deduplication"),
)
ON_OBJECTIONS = {**dict.fromkeys(OBJECTED_TO, "read, list, decide"), "data-subject-access": "read"}
# Not in the table of purposes: whoever has a case sees and closes it, and the person gives it or takes it back.
ON_CASES = {"case-continuity": "read (own), close (own)", "data-subject-access": "read, open, close"}
RECEIVE = "read (assigned), list (assigned), amend (assigned)"
ON_REFERRALS = {
    "case-continuity": f"create (assigned), {RECEIVE}",
    # A referral is answered for the purpose that it asks for.
    **dict.fromkeys(
        ("accommodation", "health-access", "school-enrolment", "social-benefits", "legal-aid", "guardianship"), RECEIVE
    ),
}
# The person gives what is their own to give, which a child's consent is not (GDPR Art 8); a no is anybody's.
ON_CONSENTS = {"consent-management": "read, record, withdraw", "data-subject-access": "read, record (of age), withdraw"}
ON_OPPORTUNITIES = {
    "data-protection-audit": "approve, disapprove, approvals",  # the second person of a condition on a protected attribute
    "opportunity-management": "read, list, create, amend (own), close (own), approve (own), disapprove (own), approvals (own)",
    "anonymous-shortlist": "match (own)",
    **dict.fromkeys(("job-ranking", "training-placement"), "read, list, match, allocate"),
    **dict.fromkeys(("service-referral", "mentoring"), "read, list, match"),
}
TABLE: Mapping[str, Mapping[str, str]] = {
    "person": ON_PEOPLE,
    "note": ON_NOTES,
    "consent": ON_CONSENTS,
    "case": ON_CASES,
    "referral": ON_REFERRALS,
    "opportunity": ON_OPPORTUNITIES,
    "correction": ON_CORRECTIONS,
    "objection": ON_OBJECTIONS,
    "restriction": {"case-continuity": "read (assigned)", "data-subject-access": "read"},
    # How long a record is kept is the person's to know; that it ends, whoever registered them helps to tell.
    "retention": {"registration": "list (own)", "data-subject-access": "read"},
    # An organisation that has verified who somebody is makes the first step, the person the second.
    "sign-in": {"registration": "issue (own), read (own), revoke (own)", "data-subject-access": "link, read, revoke"},
    "ledger": {"data-subject-access": "read", "data-protection-audit": "read, report"},
    "alert": {"data-protection-audit": "list, acknowledge"},
    "review": {"data-protection-audit": "list, record"},
    "selection": {
        "anonymous-shortlist": "record (own), list (own)",
        **dict.fromkeys(("job-ranking", "training-placement", "service-referral", "mentoring"), "record, list"),
    },
    "outcome": {"fairness-audit": "read"},
    "audit": {"fairness-audit": "run"},
    "rulebook": {"administration": "read, load, activate, confirm"},
    "client": {"administration": "list, propose, confirm, revoke"},
    "proposal": {"administration": "list, withdraw"},
}

WRITES = {
    "registration": "identity contact age gender nationality status family health support education experience skills "
    "languages location preferences documents; ethnicity with consent",
    "job-ranking": "education experience skills languages preferences",
    "training-placement": "education skills languages; support with consent",
    "qualification-recognition": "recognition",
    "legal-aid": "status",
    "accommodation": "family support location",
    "health-access": "health",
    "school-enrolment": "education",
    "social-benefits": "",
    "guardianship": "identity contact age gender nationality ethnicity status family health support education experience "
    "skills languages location preferences",
}

FOLLOWER = "stena-matching"
FOLLOWED = {"job-ranking", "training-placement", "mentoring", "service-referral"}
"""matching-svc follows the feed of these and does nothing else, although others may do more for the same purpose."""

Facts = dict[str, bool | str | tuple[str, ...]]


@pytest.fixture(scope="module")
def rulebook() -> Rulebook:
    return load(FOLDER)


def approved_for(rulebook: Rulebook, purpose: str) -> list[str]:
    approved = [name for name, each in rulebook.organisations.items() if purpose in each.purposes(TODAY.date())]
    return [name for name in approved if name != FOLLOWER]


def most_open(organisation: str, purpose: str, kind: str = "person") -> Facts:
    """The facts of a record that more is allowed with than with any other. Of a review the maker is who broke the glass."""
    return {
        "region_path": ("BG", "BG4", "BG41", "BG42"),
        "assigned": (organisation,),
        "consents": (purpose,),
        "created_by": "somebody-else" if kind == "review" else organisation,
        "objections": (),
        "restricted": False,
        "minor": kind != "consent",
    }


def asked(rulebook: Rulebook, organisation: str, purpose: str, kind: str, action: str) -> Decision:
    many = kind == "person" and (action in ("list", "changes", "create", "check") or purpose == "anonymous-shortlist")
    return asked_about("*" if many else "olena", rulebook, organisation, purpose, kind, action)


def asked_about(record: str, rulebook: Rulebook, organisation: str, purpose: str, kind: str, action: str) -> Decision:
    evaluation = Evaluation(
        subject=Subject(type="organisation", id=organisation, properties={"person": "olena", "acting_user": "ivanova"}),
        action=Action(name=action),
        resource=Resource(type=kind, id=record),
        context={"purpose": purpose, "justification": "Unconscious after an accident"},
    )
    return decide(rulebook, evaluation, TODAY)


def allowed(decision: Decision, facts: Facts) -> bool:
    return decision.permit and holds(decision.rows, facts)


def cell(kind: str, purpose: str) -> dict[str, str]:
    """Action to its qualifier, or to nothing."""
    words = [word.strip() for word in TABLE[kind].get(purpose, "").split(",") if word.strip()]
    return {action: rest.strip(" ()") for action, _, rest in (word.partition(" ") for word in words)}


PURPOSES = sorted(set(chain(*TABLE.values())) | {"eligibility-check", "fairness-audit", "open-statistics", "privacy"})


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("kind", OPERATIONS)
def test_a_purpose_may_do_what_its_row_says_and_nothing_else(rulebook: Rulebook, kind: str, purpose: str) -> None:
    for organisation in approved_for(rulebook, purpose):
        decisions = {action: asked(rulebook, organisation, purpose, kind, action) for action in OPERATIONS[kind]}
        facts = most_open(organisation, purpose, kind)
        assert {action for action, decision in decisions.items() if allowed(decision, facts)} == cell(kind, purpose).keys()


EITHER: Mapping[str, Facts] = {"own or assigned": {"created_by": "somebody-else", "assigned": ("somebody-else",)}}
WITHOUT: Mapping[str, Facts] = {
    "assigned": {"assigned": ("somebody-else",)},
    "own": {"created_by": "somebody-else"},
    "of age": {"minor": True},
}


@pytest.mark.parametrize(
    ("kind", "purpose", "action", "qualifier"),
    [
        (kind, purpose, action, qualifier)
        for kind, purposes in TABLE.items()
        for purpose in purposes
        for action, qualifier in cell(kind, purpose).items()
    ],
)
def test_only_the_qualifier_of_a_cell_narrows_it(
    rulebook: Rulebook, kind: str, purpose: str, action: str, qualifier: str
) -> None:
    for organisation in approved_for(rulebook, purpose):
        decision, facts = asked(rulebook, organisation, purpose, kind, action), most_open(organisation, purpose, kind)
        # A record is created by whoever creates it, so that an organisation cannot make one that is not its own.
        narrowed_by = {"own"} if (kind, action) == ("person", "create") else {qualifier} - {"", *EITHER}
        assert qualifier not in EITHER or not allowed(decision, facts | EITHER[qualifier])
        assert {name for name, other in WITHOUT.items() if not allowed(decision, facts | other)} == narrowed_by


def attributes(rulebook: Rulebook, words: str) -> set[str]:
    """The stored attributes of categories, or the attribute itself."""
    catalogue = rulebook.catalogue.attributes
    named = {attribute.name for attribute in catalogue if {attribute.name, attribute.category} & set(words.split())}
    return named - {attribute.name for attribute in catalogue if attribute.derived_from}


@pytest.mark.parametrize("purpose", WRITES)
def test_a_purpose_may_write_what_its_row_says_and_nothing_else(rulebook: Rulebook, purpose: str) -> None:
    always, _, with_consent = WRITES[purpose].partition(";")
    for organisation in approved_for(rulebook, purpose):
        write, facts = asked(rulebook, organisation, purpose, "person", "amend").write, most_open(organisation, purpose)
        writable = {name for name, way in write.items() if holds(way.when, facts)}
        assert writable == attributes(rulebook, always) | attributes(rulebook, with_consent.removesuffix("with consent"))
        for consents in ((), ("administration", f"{purpose}@somebody-else")):
            writable = {name for name, way in write.items() if holds(way.when, facts | {"consents": consents})}
            assert writable == attributes(rulebook, always)


def test_every_purpose_that_may_amend_or_create_is_in_the_table_of_writing() -> None:
    assert {purpose for purpose in ON_PEOPLE if {"amend", "create"} & cell("person", purpose).keys()} == WRITES.keys()


@pytest.mark.parametrize("organisation", ["return-desk", "reception-agency", "stena-operator"])
def test_a_forbidden_purpose_is_denied_and_alerted_whatever_is_asked(rulebook: Rulebook, organisation: str) -> None:
    for kind, actions in OPERATIONS.items():
        for action in actions:
            decision = asked(rulebook, organisation, "return-enforcement", kind, action)
            assert not decision.permit
            assert decision.alert


def test_the_matcher_follows_and_does_nothing_else(rulebook: Rulebook) -> None:
    may = {
        (purpose, kind, action)
        for purpose in rulebook.purposes
        for kind, actions in OPERATIONS.items()
        for action in actions
        if asked(rulebook, FOLLOWER, purpose, kind, action).permit
    }
    assert may == {(purpose, "person", "changes") for purpose in FOLLOWED}


@pytest.mark.parametrize("action", OPERATIONS["review"])
def test_nobody_reviews_what_their_own_organisation_did(rulebook: Rulebook, action: str) -> None:
    for organisation in approved_for(rulebook, "data-protection-audit"):
        decision = asked(rulebook, organisation, "data-protection-audit", "review", action)
        assert not allowed(decision, most_open(organisation, "data-protection-audit"))


def test_a_shortlist_is_not_asked_about_one_person(rulebook: Rulebook) -> None:
    assert not asked_about("olena", rulebook, "vitosha-bakery", "anonymous-shortlist", "person", "match").permit


@pytest.mark.parametrize("kind", ["person", "consent", "note", "case", "referral", "ledger"])
def test_a_person_asks_about_nobody_else(rulebook: Rulebook, kind: str) -> None:
    for record in ("mariam", "*"):
        for action in OPERATIONS[kind]:
            assert not asked_about(record, rulebook, "self-service", "data-subject-access", kind, action).permit
