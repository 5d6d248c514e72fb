"""Kinds of problem that are met behind the gateway: by enforcement points and administrators, never by callers of the API."""

from collections.abc import Mapping
from typing import Final

from gateway.problems.problem_type import ProblemType

BEHIND: Final[Mapping[str, ProblemType]] = {
    "not-json": ProblemType(
        400, "Malformed request", "policy-svc was asked with a body that is not JSON.", "Send `Content-Type: application/json`."
    ),
    "member-doubled": ProblemType(
        400,
        "Malformed request",
        "policy-svc was asked with JSON that names a member twice, which two readers may read differently.",
        "Name each member once.",
    ),
    "not-an-object": ProblemType(
        400, "Malformed request", "policy-svc was asked with JSON that is no object.", "Send the evaluation as an object."
    ),
    "too-many-evaluations": ProblemType(
        400, "Malformed request", "One call to policy-svc holds too many evaluations.", "Ask in several calls."
    ),
    "claims-refused": ProblemType(
        400,
        "Malformed request",
        "A question to policy-svc claims what only the rulebook or a record can say.",
        "Leave the members that `errors` names out; who an organisation is and what it may do stands in the rulebook.",
    ),
    "rulebook-refused": ProblemType(
        400,
        "Malformed request",
        "A rulebook that was to be loaded or activated does not hold.",
        "Look at `errors`: each names a file, a line and what to mend. `stena rulebook check` tells the same.",
    ),
    "rulebook-opens": ProblemType(
        409,
        "Conflict",
        "The revision would disclose or allow what the active one does not; `cells` says what.",
        "If that is wanted, say so: `widen`, or `--widen` on the command line.",
    ),
    "rulebook-overtaken": ProblemType(
        409, "Conflict", "Somebody activated another revision at the same moment.", "Look at what is active now, and try again."
    ),
    "nothing-before": ProblemType(
        409, "Conflict", "No revision decided before the active one.", "Activate the revision that you want by its name."
    ),
    "position-invalid": ProblemType(
        400, "Malformed request", "profile-svc was given a position that no feed of its has made.", "Begin again without one."
    ),
}
