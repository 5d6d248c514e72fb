"""What is found and proposed, as the API says it: URIs, and labels in the languages that the caller reads. Pure."""

from collections.abc import Iterable, Sequence

from matching_svc.concepts_search import Search
from matching_svc.linking import Linked, Proposed, link
from matching_svc.vocabulary import FALLBACK, Vocabulary
from stena.contracts.vocabulary import Concept, ConceptQuery, Concepts, Proposal, ProposalRequest, Proposals


def found(search: Search, query: ConceptQuery) -> Concepts:
    """Answers to what was typed so far."""
    vocabulary, language = search.vocabulary, shown_in(search.vocabulary, query.shown)
    answers = search.find(query.q, query.scheme, language=query.language, limit=query.limit)
    return Concepts(version=vocabulary.version, concepts=tuple(concept(vocabulary, each.number, language) for each in answers))


def proposed(search: Search, request: ProposalRequest) -> Proposals:
    """Proposals for a vacancy; nothing of it is kept."""
    vocabulary, language = search.vocabulary, shown_in(search.vocabulary, request.shown)
    linked: Linked = link(search, request.title, request.description, language=request.lang)

    def said(each: Iterable[Proposed]) -> tuple[Proposal, ...]:
        return tuple(
            Proposal(
                **concept(vocabulary, one.number, language).model_dump(),
                confidence=round(one.confidence, 3),
                because=one.because,
            )
            for one in each
        )

    return Proposals(
        version=vocabulary.version,
        occupations=said(linked.occupations),
        essential_skills=said(linked.essential),
        optional_skills=said(linked.optional),
    )


def concept(vocabulary: Vocabulary, number: int, language: str) -> Concept:
    uri = vocabulary.uris[number]
    return Concept(
        uri=uri,
        scheme="occupation" if number < vocabulary.occupations else "skill",
        label=vocabulary.label_of(number, language),
        isco=vocabulary.isco(uri),
    )


def shown_in(vocabulary: Vocabulary, wanted: Sequence[str]) -> str:
    """The first language of the caller's that is loaded."""
    return next((language for language in wanted if language in vocabulary.labels.languages), FALLBACK)
