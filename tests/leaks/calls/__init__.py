"""Every call of the API that is about people, as the matrix makes it. A new call is one function and one line below."""

from collections.abc import Mapping
from typing import Final

from .casework import cases, notes, referrals
from .common import Ask, Effort
from .exports import export_csv, export_ndjson
from .fitting import candidates, matches
from .mistakes import mistakes
from .pages import filter_people, follow, list_fields, list_people, sort_people
from .people import look_up, read, read_fields
from .records import consents, disclosures, reviews
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
    "changes": follow,
    "matches": matches,
    "candidates": candidates,
    "notes": notes,
    "cases": cases,
    "referrals": referrals,
    "consents": consents,
    "disclosures": disclosures,
    "reviews": reviews,
    "create": create,
    "amend": amend,
    "erase": erase,
    "mistakes": mistakes,
}
