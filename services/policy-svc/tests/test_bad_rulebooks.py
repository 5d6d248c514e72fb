"""Every way to write a rulebook badly that we know of: refused with file, line and what to mend, all faults together."""

# ruff: noqa: E501 - one row of a table is one fault, and reads best in one line

import json
from pathlib import Path

import pytest

from policy_svc.faults import MOST, Fault, RulebookError
from policy_svc.loading import load, parse, read_files
from policy_svc.yaml_files import MOST_BYTES

COUNSELLING, PURPOSES, ATTRIBUTES, ORGANISATIONS = (
    "rules/counselling.yaml",
    "purposes.yaml",
    "attributes.yaml",
    "organisations.yaml",
)


def refused(files: dict[str, str]) -> str:
    with pytest.raises(RulebookError) as error:
        parse(files)
    return str(error.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        # purposes
        (PURPOSES, "ids: purpose", "idz: purpose", "purposes.yaml:13: unknown key 'idz'. Write one of: ids."),
        (PURPOSES, "ids: purpose", "ids: everybody", "purposes.yaml:13: ids: input should be 'organisation' or 'purpose'. Correct the value."),
        (PURPOSES, "  description: Never.\n", "", "purposes.yaml:29: the key 'description' is missing. Add it."),
        (PURPOSES, "broader: [welfare]", "broader: [wellfare]", "purposes.yaml:11: unknown purpose 'wellfare'. Write one of: welfare."),
        (
            PURPOSES,
            "  legal_bases: [GDPR-6-1-e]\n\ncounselling:",
            "  legal_bases: [GDPR-6-1-e]\n  broader: [counselling]\n\ncounselling:",
            "purposes.yaml:6: the purpose 'welfare' is broader than itself. Break the cycle in broader.",
        ),
        (PURPOSES, "forbidden: true", "forbidden: yes", "purposes.yaml:33: forbidden: input should be a valid boolean. Correct the value."),
        (PURPOSES, "legal_bases: [GDPR-6-1-d]", "legal_bases: [GDPR-6-1-d]\n  emergency: {lasts: an hour}", "purposes.yaml:21: emergency.lasts: "),
        (PURPOSES, "legal_bases: [GDPR-6-1-d]", "legal_bases: [GDPR-6-1-d]\n  emergency: {lasts: PT0S}", "purposes.yaml:21: emergency.lasts: "),
        (PURPOSES, "legal_bases: [GDPR-6-1-d]", "legal_bases: [GDPR-6-1-d]\n  emergency: {lasts: PT1H, justification: 0}", "purposes.yaml:21: emergency.justification: "),
        (
            PURPOSES,
            "  legal_bases: [GDPR-6-1-e]\n\ncounselling:",
            "  legal_bases: [GDPR-6-1-e]\n  emergency: {lasts: PT1H}\n\ncounselling:",
            "purposes.yaml:12: 'counselling' is narrower than 'welfare', which breaks the glass, and does not say that it does so too. Give it an emergency of its own.",
        ),
        (PURPOSES, ", bg: Спасяване", "", "purposes.yaml:17: no title in bg. Add bg: …."),
        (PURPOSES, "kinds: [service]", "kinds: [servise]", "purposes.yaml:14: unknown kind of opportunity 'servise'. Write one of: service."),
        (
            PURPOSES,
            "kinds: [service]",
            "accepts: {smell: it is needed}",
            "purposes.yaml:14: unknown attribute 'smell'. Write one of: family_name, given_name, health_needs, initials, skills, town.",
        ),
        (
            PURPOSES,
            "kinds: [service]",
            "accepts: {skills: ' '}",
            "purposes.yaml:14: skills is accepted without a reason. Say why the purpose cannot do without it.",
        ),
        (PURPOSES, "ids: purpose", "id: other", "purposes.yaml:13: unknown key 'id'. Remove it: the entry's own key names it."),
        # attributes
        (ATTRIBUTES, "category: skills", "category: skils", "attributes.yaml:32: unknown category 'skils'. Write one of: skills."),
        (
            ATTRIBUTES,
            "derived_from: [given_name, family_name]",
            "derived_from: [given_name, surname]",
            "attributes.yaml:29: unknown attribute 'surname'. Write one of: family_name, given_name, ",
        ),
        (
            ATTRIBUTES,
            "filters: [has]",
            "derived_from: [initials]\n    computed: read",
            "attributes.yaml:38: initials is itself derived. Name the stored attributes that it comes from.",
        ),
        (ATTRIBUTES, "    computed: read\n", "", "attributes.yaml:22: derived_from and computed belong together. Write both, or neither."),
        (ATTRIBUTES, "computed: read", "computed: write", "attributes.yaml:30: only an ordinary attribute is computed at writing. Write computed: read."),
        (
            ATTRIBUTES,
            "examples: [[Z74]]",
            "examples: [[Z74]]\n    filters: [has]",
            "attributes.yaml:50: only an ordinary attribute can be filtered or sorted by. Remove filters and sortable.",
        ),
        (ATTRIBUTES, "filters: [has]", "filters: [hass]", "attributes.yaml:38: unknown operator 'hass'. Write one of: has."),
        (ATTRIBUTES, "examples: [Varna]", "examples: [7]", 'attributes.yaml:45: an example does not fit the schema: 7 is not of type "string". Correct the example or the schema.'),
        (ATTRIBUTES, "examples: [Varna]", "examples: []", "attributes.yaml:45: no example. Give at least one value as it would be stored."),
        (ATTRIBUTES, "examples: [Olena]", "reveals: [gendre]\n    examples: [Olena]", "attributes.yaml:14: unknown category or attribute 'gendre'. Write one of: family_name, given_name, health, "),
        (ATTRIBUTES, "items: {type: string, maxLength: 20}", "items: {type: code}", "attributes.yaml:53: not a JSON Schema: "),
        (
            ATTRIBUTES,
            "items: {type: string, maxLength: 20}",
            "items: {$ref: 'http://127.0.0.1:1/x'}",
            "attributes.yaml:53: a $ref that leaves the schema. Write the part out; nothing is fetched.",
        ),
        (ATTRIBUTES, "examples: [O. P.]", "examples: [O. P.]\n    lookup: name", "attributes.yaml:29: nobody is found by what is computed. Remove it, or put it to one of the sources."),
        (ATTRIBUTES, "filters: [has]", "lookup: name", "attributes.yaml:38: people are found by text alone. Remove it, or give the value the type string."),
        (ATTRIBUTES, "examples: [Olena]", "examples: [Olena]\n    lookup: fuzzy", "attributes.yaml:15: lookup: input should be 'exact', 'phone', 'email' or 'name'. Correct the value."),
        # organisations
        (ORGANISATIONS, "legal_basis: GDPR-6-1-d", "legal_basis: GDPR-6-1-f", "organisations.yaml:7: the legal basis 'GDPR-6-1-f' is not one that the purpose 'rescue' allows. Write one of: GDPR-6-1-d."),
        (ORGANISATIONS, "legal_basis: GDPR-6-1-d, ", "", "organisations.yaml:7: the key 'legal_basis' is missing. Add it."),
        (ORGANISATIONS, "from: 2020-01-01, ", "", "organisations.yaml:31: the key 'from' is missing. Add it."),
        (ORGANISATIONS, "until: 2020-12-31", "until: 2019-12-31", "organisations.yaml:31: an approval that ends before it begins. Correct from or until."),
        (ORGANISATIONS, "until: 2020-12-31", "until: 2020-13-31", "organisations.yaml:31: approvals.0.until: input should be a valid date"),
        (ORGANISATIONS, "purpose: rescue", "purpose: deportation", "organisations.yaml:7: an approval for the forbidden purpose 'deportation'. Remove it: nobody can be approved for it."),
        (ORGANISATIONS, "purpose: rescue", "purpose: rescues", "organisations.yaml:7: unknown purpose 'rescues'. Write one of: rescue."),
        (ORGANISATIONS, "kind: authority", "kind: police", "organisations.yaml:3: kind: input should be 'authority'"),
        (ORGANISATIONS, "regions: [BG41]", "regions: [Sofia]", "organisations.yaml:13: approvals.0.regions.0: string should match pattern"),
        # rules
        (COUNSELLING, "values: [identity, skills]", "values: [identity, skils]", "rules/counselling.yaml:25: rule counselling.write: unknown category 'skils'. Write one of: skills."),
        (COUNSELLING, "values: [skills, town]", "values: [skills, towns]", "rules/counselling.yaml:33: rule counselling.disclose: unknown attribute 'towns'. Write one of: town."),
        (COUNSELLING, "[read, list, match]", "[reed, list]", "rules/counselling.yaml:7: rule counselling.operate: unknown action 'reed'. Write one of: read, revoke, record."),
        (COUNSELLING, "{condition: AnyIn, values: [welfare]}", "{condition: AnyIn, values: [warfare]}", "rules/counselling.yaml:63: rule welfare.list: unknown purpose 'warfare'. Write one of: welfare."),
        (
            COUNSELLING,
            "    action: {$.name: {condition: Equals, value: amend}}\n",
            "",
            "rules/counselling.yaml:10: rule counselling.amend: an allow rule that names no action. Name it: action $.name Equals or IsIn.",
        ),
        (
            COUNSELLING,
            "    context: {$.purpose_and_broader: {condition: AnyIn, values: [welfare]}}\n",
            "",
            "rules/counselling.yaml:56: rule welfare.list: an allow rule that names no purpose. Name it: context $.purpose Equals or IsIn, or $.purpose_and_broader AnyIn.",
        ),
        (
            COUNSELLING,
            "$.type: {condition: Equals, value: person}}\n    action: {$.name: {condition: IsIn, values: [read, list, match]}}",
            "$.record.shared: {condition: IsNotEmpty}}\n    action: {$.name: {condition: IsIn, values: [read, list, match]}}",
            "rules/counselling.yaml:1: rule counselling.operate: shared is asked of more than notes, which alone have it. Name the type: resource $.type Equals note.",
        ),
        (COUNSELLING, "effect: allow", "effect: perhaps", "rules/counselling.yaml:3: rule counselling.operate: effect: Must be one of: deny, allow. Correct it."),
        (COUNSELLING, "uid: counselling.write", "uid: counselling.names", "rules/counselling.yaml:37: rule counselling.names: the uid 'counselling.names' is taken. Give it another: it stands at rules/counselling.yaml:21."),
        (COUNSELLING, "effect: allow\n", "effect: allow\n  priority: 3\n", "rules/counselling.yaml:4: rule counselling.operate: unknown key 'priority'. Remove it: deny overrides, whatever a priority says."),
        (COUNSELLING, "  description: Look at people, register and correct the own ones.\n", "", "rules/counselling.yaml:1: rule counselling.operate: a rule without a description. Say in one sentence what it is for."),
        # golden cases
        ("tests/counselling.yaml", "decision: permit", "decision: perhaps", "tests/counselling.yaml:6: decision: input should be 'permit' or 'deny'. Correct the value."),
        ("tests/counselling.yaml", "restricted: false", "restrictd: false", "tests/counselling.yaml:5: unknown key 'restrictd'. Remove it."),
        # the language of the files
        (PURPOSES, "welfare:\n", "welfare:\n  ids: purpose\n  ids: purpose\n", "purposes.yaml:3: the key 'ids' stands here twice. Keep one of them; the other is in line 2."),
        (PURPOSES, "broader: [welfare]", "broader: &x [welfare]", "purposes.yaml:11: anchors and aliases are not allowed. Write the value out where it is meant."),
        (PURPOSES, "broader: [welfare]", "broader: *x", "purposes.yaml:11: anchors and aliases are not allowed. Write the value out where it is meant."),
        (PURPOSES, "forbidden: true", "forbidden: !!bool true", "purposes.yaml:33: tags are not allowed. Write a plain value; quote it to make it text."),
        (PURPOSES, "forbidden: true", "7: true", "purposes.yaml:33: a key that is not text. Put the key in quotes."),
        (PURPOSES, "forbidden: true", "forbidden: [", "purposes.yaml:34: not valid YAML: "),
        (PURPOSES, "forbidden: true", "forbidden: true\n---\nx: y", "purposes.yaml:34: a second document begins here. Keep one document in a file."),
        (PURPOSES, "forbidden: true", "x: " + "[" * 100_000, "purposes.yaml:33: nested deeper than 32 levels. Flatten the value."),
        (PURPOSES, "forbidden: true", "forbidden: \x00", "purposes.yaml:1: not valid YAML: it holds a character that a text cannot hold. Save the file as UTF-8 text."),
    ],
)  # fmt: skip
def test_each_fault_is_refused_with_its_place_and_mend(
    files: dict[str, str], file: str, old: str, new: str, message: str
) -> None:
    assert old in files[file]
    assert message in refused({**files, file: files[file].replace(old, new, 1)})


def faults_of(files: dict[str, str]) -> tuple[Fault, ...]:
    try:
        parse(files)
    except RulebookError as error:
        return error.faults
    return ()


@pytest.mark.parametrize("content", ["", "[]", "text", "- a", "null"])
@pytest.mark.parametrize("file", ["rulebook.yaml", PURPOSES, ATTRIBUTES, ORGANISATIONS, COUNSELLING, "tests/counselling.yaml"])
def test_a_file_of_the_wrong_shape_never_ends_in_a_traceback(files: dict[str, str], file: str, content: str) -> None:
    faults = faults_of({**files, file: content})
    assert all(fault.place.line >= 1 and fault.mend for fault in faults)
    # A file of no rules or no cases is no mistake; one without purposes or organisations is.
    assert faults or (file in (COUNSELLING, "tests/counselling.yaml") and content in ("", "[]", "null"))


def test_a_truncated_file_is_refused_or_means_what_is_left_of_it(files: dict[str, str]) -> None:
    text = files[COUNSELLING]
    for end in range(0, len(text), 37):
        assert all(fault.place.file.startswith(("rules/", "tests/")) for fault in faults_of({**files, COUNSELLING: text[:end]}))


def test_all_faults_are_told_together_and_not_without_end(files: dict[str, str]) -> None:
    purposes = json.dumps({f"p{number}": {"surplus": 1} for number in range(200)}, indent=1)
    with pytest.raises(RulebookError) as error:
        parse({**files, PURPOSES: purposes})
    assert len(error.value.faults) == MOST
    assert error.value.more > 200
    assert str(error.value).endswith(f"… and {error.value.more} more.")


def test_words_of_yaml_1_1_are_text(files: dict[str, str]) -> None:
    """``no`` is a language and a right-to-work answer before it is a boolean; a date is text until somebody asks for one."""
    text = "title: x\nrules: [{id: a, answer: no, from: 2026-01-01, octal: 010, sixty: 1:30, on: off, exponent: 1e999}]\n"
    rulebook, _ = parse({**files, "right_to_work/bgr.yaml": text})
    assert rulebook.catalogue.right_to_work["bgr"]["rules"] == [
        {"id": "a", "answer": "no", "from": "2026-01-01", "octal": 10, "sixty": "1:30", "on": "off", "exponent": "1e999"}
    ]


@pytest.fixture
def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_golden_case_that_does_not_hold_refuses_the_rulebook(folder: Path, files: dict[str, str]) -> None:
    cases = files["tests/counselling.yaml"].replace("[skills, town, given_name", "[town, health_needs, given_name")
    (folder / "tests/counselling.yaml").write_text(cases.replace("reason: region-outside-approval", "reason: restricted"))
    with pytest.raises(RulebookError) as error:
        load(folder)
    assert [str(fault) for fault in error.value.faults] == [
        "tests/counselling.yaml:1: the case 'a counsellor with the case' also discloses skills. "
        "Correct the rules, or the case if the law has changed.",
        "tests/counselling.yaml:1: the case 'a counsellor with the case' no longer discloses health_needs. "
        "Correct the rules, or the case if the law has changed.",
        "tests/counselling.yaml:11: the case 'a counsellor outside the region' wants the reason restricted, "
        "and it is region-outside-approval. Correct the rules, or the case if the law has changed.",
    ]


@pytest.mark.parametrize("name", ["rules/late.yml", "rules/deep/x.yaml", "purposes.yaml.orig", "extra.yaml"])
def test_a_file_that_would_be_passed_over_in_silence_is_refused(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("- uid: forgotten\n")
    with pytest.raises(RulebookError, match="a file that no rulebook has"):
        load(folder)


def test_what_cannot_be_read_is_refused(folder: Path) -> None:
    (folder / "rules/big.yaml").write_bytes(b"#" * (MOST_BYTES + 1))
    (folder / "rules/bytes.yaml").write_bytes(b"\xff\xfe")
    (folder / "purposes.yaml").unlink()
    with pytest.raises(RulebookError) as error:
        read_files(folder)
    assert [str(fault) for fault in error.value.faults] == [
        "purposes.yaml:0: the file is missing. Add it, as docs/rulebook.md says.",
        "rules/big.yaml:0: larger than 5 MiB. Split it into several files.",
        "rules/bytes.yaml:0: not UTF-8 text. Save it as UTF-8.",
    ]
    with pytest.raises(RulebookError, match="no such folder"):
        load(folder / "nowhere")


@pytest.mark.parametrize("broken", ["\r", "\x85", "\u2028", "\u2029"])
def test_a_line_break_that_only_some_readers_know_is_refused_where_it_stands(files: dict[str, str], broken: str) -> None:
    text = files["rulebook.yaml"].replace("country", f"# a{broken}country")
    said = "rulebook.yaml:2: a line break that only some readers know. End lines with a line feed."
    assert refused({**files, "rulebook.yaml": text}) == said
    assert parse({**files, "rulebook.yaml": files["rulebook.yaml"].replace("\n", "\r\n")})
