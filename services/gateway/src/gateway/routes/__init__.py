"""HTTP in and out: each route says which questions the wall must answer and how the answer looks; nothing is decided here."""

from gateway.routes import (
    allocations,
    candidates,
    cases,
    catalogue,
    concepts,
    consents,
    disclosures,
    export,
    feed,
    lookups,
    matches,
    notes,
    opportunities,
    pages,
    people,
    referrals,
    reviews,
    shares,
    tokens,
)

# An address with a word in the place of an id stands before the one with the id.
ROUTERS = tuple(
    each.router
    for each in (
        tokens,
        catalogue,
        pages,
        export,
        feed,
        lookups,
        people,
        consents,
        notes,
        shares,
        cases,
        referrals,
        disclosures,
        reviews,
        concepts,
        opportunities,
        matches,
        candidates,
        allocations,
    )
)
