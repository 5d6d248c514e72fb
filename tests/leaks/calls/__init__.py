"""Every call of the API, as the matrix makes it. A new call is one function and one line below.

The matrix fails while the OpenAPI document tells of one that it has never been answered (``documented``).
"""

from collections.abc import Mapping
from typing import Final

from .administering import clients, rulebook
from .casework import cases, notes, referrals
from .common import Ask, Effort
from .exports import export_csv, export_ndjson, export_of_search
from .fitting import candidates, matches
from .judging import audits, decisions
from .keeping import retention
from .learning import skill_gaps
from .mistakes import mistakes
from .offering import conditions, opportunities
from .open_to_all import about_nobody
from .own import access, released_notes, sign_ins
from .pages import filter_people, follow, list_fields, list_people, sort_people
from .people import look_up, read, read_fields
from .placing import allocations
from .proving import heads_and_proofs
from .records import consents, disclosures, reviews
from .rights import corrections, objections, restrictions
from .telling import give_case, record_consent, refer, review, write_note
from .twofold import duplicates, merges
from .watching import alerts, breaches
from .writing import amend, create, erase

__all__ = ["CALLS", "Effort"]

CALLS: Final[Mapping[str, Ask]] = {
    "read": read,
    "read fields": read_fields,
    "lookup": look_up,
    "list": list_people,
    "filter": filter_people,
    "sort": sort_people,
    "list fields": list_fields,
    "export NDJSON": export_ndjson,
    "export CSV": export_csv,
    "export of search": export_of_search,
    "changes": follow,
    "matches": matches,
    "candidates": candidates,
    "skill gaps": skill_gaps,
    "notes": notes,
    "cases": cases,
    "referrals": referrals,
    "consents": consents,
    "disclosures": disclosures,
    "reviews": reviews,
    "heads and proofs": heads_and_proofs,
    "decisions": decisions,
    "allocations": allocations,
    "audits": audits,
    "opportunities": opportunities,
    "conditions": conditions,
    "about nobody": about_nobody,
    "create": create,
    "amend": amend,
    "record consent": record_consent,
    "write note": write_note,
    "refer": refer,
    "give case": give_case,
    "review": review,
    "corrections": corrections,
    "objections": objections,
    "restrictions": restrictions,
    "retention": retention,
    "access": access,
    "released notes": released_notes,
    "sign-ins": sign_ins,
    "duplicates": duplicates,
    "merges": merges,
    "alerts": alerts,
    "breaches": breaches,
    "clients": clients,
    "rulebook": rulebook,
    "mistakes": mistakes,
    "erase": erase,
}
