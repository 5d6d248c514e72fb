"""HTTP in and out: each route says which questions the wall must answer and how the answer looks; nothing is decided here."""

from gateway.routes import candidates, catalogue, disclosures, matches, opportunities, people, records, tokens

ROUTERS = tuple(each.router for each in (tokens, catalogue, people, records, disclosures, opportunities, matches, candidates))
