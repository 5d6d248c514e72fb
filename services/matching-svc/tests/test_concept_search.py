"""Typed text finds concepts: in several scripts, with slips, by its beginning; and the same text always finds the same."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from matching_svc import concepts_search
from matching_svc.concepts_grams import features
from matching_svc.concepts_search import Search
from matching_svc.concepts_text import key
from matching_svc.esco.edition import BASE, Concept, Edition, Label, Relation
from matching_svc.esco.shipped import shipped
from matching_svc.vocabulary import Vocabulary, of_edition
from matching_svc.vocabulary_texts import Texts

SMALL = concepts_search.of_vocabulary(of_edition(shipped()))


def labels(search: Search, text: str, language: str | None = None, limit: int = 10) -> list[str]:
    return [
        search.vocabulary.label_of(found.number) for found in search.find(text, "occupation", language=language, limit=limit)
    ]


@pytest.mark.parametrize(
    ("typed", "language", "found"),
    [
        ("baker", "en", "baker"),
        ("BAKERS", "en", "baker"),
        ("wleder", "en", "welder"),
        ("зидар", "bg", "bricklayer"),
        ("зидари", None, "bricklayer"),
        ("zidar", "bg", "bricklayer"),
        ("Заварчик", None, "welder"),
        ("zavarchik", None, "welder"),
        ("зав", "bg", "welder"),
        ("plum", None, "plumber"),
    ],
)
def test_text_in_either_script_with_endings_and_slips(typed: str, language: str | None, found: str) -> None:
    assert labels(SMALL, typed, language)[0] == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Будівельник", "budivelnik"),
        ("Щастлив жизнен цикъл", "shtastliv zhiznen tsikal"),
        ("Český MÜLLER", "cesky muller"),
        ("مُهَنْدِس", "مهندس"),
        ("إدارة أعمال", "اداره اعمال"),
        ("пекар/пекарка", "pekar  pekarka"),
        ("Straße", "strasse"),
        ("ＨＴＭＬ", "html"),
    ],
)
def test_spellings_that_are_the_same_word(one: str, other: str) -> None:
    assert key(one) == key(other)


def test_arabic_labels_are_found_as_people_type_them() -> None:
    doctor = Concept(f"{BASE}occupation/1", "occupation")
    edition = Edition("1.1.1", (doctor,), (), {"ar": (Label(doctor.uri, "preferred", "مُهَنْدِسُ أَعْمَالٍ"),)})
    search = concepts_search.of_vocabulary(of_edition(edition))
    assert len(search.find("مهندس اعمال", "occupation")) == 1


@example("\N{SQUARED LATIN CAPITAL LETTER A}")  # a capital only once it is written as one letter
@given(st.text(max_size=40))
def test_a_key_is_its_own_key(text: str) -> None:
    assert key(key(text)) == key(text)


@given(st.text(max_size=250), st.sampled_from(["occupation", "skill"]), st.sampled_from([None, "bg", "xx"]))
def test_whatever_is_typed_is_answered_and_always_alike(
    text: str, scheme: concepts_search.Scheme, language: str | None
) -> None:
    found = SMALL.find(text, scheme, language=language)
    assert found == SMALL.find(text, scheme, language=language)
    assert [answer.score for answer in found] == sorted((answer.score for answer in found), reverse=True)
    first = 0 if scheme == "occupation" else SMALL.vocabulary.occupations
    count = SMALL.vocabulary.occupations if scheme == "occupation" else SMALL.vocabulary.skills
    assert all(first <= answer.number < first + count and answer.score > 0 for answer in found)


@given(st.data())
def test_every_concept_that_begins_as_typed_is_found_and_a_longer_beginning_leaves_none_behind(data: st.DataObject) -> None:
    index, vocabulary = SMALL.indexes["occupation"], SMALL.vocabulary
    label = data.draw(st.sampled_from(range(len(index.concept))))
    texts = {at: key(vocabulary.labels.texts[at]) for at in range(len(vocabulary.labels.texts))}
    whole = index.sorted_keys[int((index.sorted_labels == label).argmax())]
    assert whole in texts.values()
    length = data.draw(st.integers(1, len(whole)))
    shorter, longer = (set(index.beginning(whole[:end])) for end in (length, len(whole)))
    assert label in longer
    assert longer <= shorter
    everybody = {answer.number for answer in SMALL.find(whole[:length], "occupation", limit=vocabulary.occupations)}
    assert {index.first + int(index.concept[at]) for at in shorter} <= everybody


@given(st.lists(st.text(max_size=30), min_size=1, max_size=6), st.data())
def test_the_features_of_a_text_do_not_depend_on_its_neighbours(texts: list[str], data: st.DataObject) -> None:
    keys = [key(text) for text in texts]
    at = data.draw(st.integers(0, len(keys) - 1))
    starts, buckets = features(keys)
    _, alone = features([keys[at]])
    assert sorted(buckets[starts[at] : starts[at + 1]]) == sorted(alone)


@given(st.lists(st.text()))
def test_texts_come_out_as_they_went_in(texts: list[str]) -> None:
    kept = Texts.of(texts)
    assert [kept[at] for at in range(len(kept))] == texts


def test_the_same_edition_gives_the_same_numbers_in_whatever_order_it_comes() -> None:
    edition = shipped()
    turned = Edition(edition.version, edition.concepts[::-1], edition.relations[::-1], edition.labels)
    one, other = of_edition(edition), of_edition(turned)
    assert one.uris == other.uris
    assert (one.essential != other.essential).nnz == 0


def test_a_vocabulary_knows_its_own_and_no_others() -> None:
    vocabulary: Vocabulary = SMALL.vocabulary
    occupation, skill = vocabulary.uris[0], vocabulary.skill_uri(0)
    assert (vocabulary.occupation(occupation), vocabulary.skill(occupation)) == (0, None)
    assert (vocabulary.occupation(skill), vocabulary.skill(skill)) == (None, 0)
    assert (vocabulary.occupation("x"), vocabulary.skill("x"), vocabulary.isco("x")) == (None, None, None)
    assert (vocabulary.rarity("x"), vocabulary.label("a/x")) == (1.0, "x")


def test_an_edition_without_labels_or_concepts_finds_nothing() -> None:
    for concepts, relations in ((), ()), ((Concept(f"{BASE}occupation/1", "occupation"),), ()):
        found: tuple[Relation, ...] = relations
        search = concepts_search.of_vocabulary(of_edition(Edition("1.1.1", concepts, found, {})))
        assert search.find("baker", "occupation") == []
        assert search.find("baker", "skill") == []
