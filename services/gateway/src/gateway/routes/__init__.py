"""HTTP in and out: each route says which questions the wall must answer and how the answer looks; nothing is decided here."""

from gateway.routes import people, tokens

ROUTERS = (tokens.router, people.router)
