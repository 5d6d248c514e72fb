"""HTTP in and out: each route says which questions the wall must answer and how the answer looks; nothing is decided here."""

from gateway.routes import candidates, catalogue, consents, disclosures, matches, notes, opportunities, people, tokens

ROUTERS = tuple(
    each.router for each in (tokens, catalogue, people, consents, notes, disclosures, opportunities, matches, candidates)
)
