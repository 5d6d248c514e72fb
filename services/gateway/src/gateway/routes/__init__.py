"""HTTP in and out: each route says which questions the wall must answer and how the answer looks; nothing is decided here."""

from gateway.routes import (
    alerts,
    allocations,
    audits,
    candidates,
    breaches,
    cases,
    catalogue,
    concepts,
    consents,
    disclosures,
    eligibility,
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
    selections,
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
        breaches,
        alerts,
        eligibility,
        opportunities,
        matches,
        candidates,
        selections,
        audits,
        allocations,
    )
)
