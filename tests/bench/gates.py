"""How many dated cases of the right to work hold, beside what one would get who looks at the status alone: no law, no calendar.

`python -m tests.bench.gates` ends with 1 unless all hold.
"""

import sys
from collections import Counter
from typing import Final

from tests.matching.truth import Case, cases, fault

BY_STATUS: Final = {"applicant": "no", "rejected": "no", "residence-permit": "limited"}
"""The baseline: a table of statuses. Whoever has none of these may work."""


def main() -> None:
    known = list(cases())
    faults = [found for case in known if (found := fault(case))]
    guessed = sum(_guess(case) == case.answer for case in known)
    spread = ", ".join(f"{count} {answer}" for answer, count in Counter(case.answer for case in known).most_common())
    print("gates: the right to work, dated cases")
    print(f"  held              {len(known) - len(faults)} of {len(known)} ({spread})")
    print(f"  status alone      {guessed} of {len(known)}, answers only: neither rule nor warning")
    for found in faults:
        print(f"  NOT HELD {found}")
    sys.exit(bool(faults))


def _guess(case: Case) -> str:
    day = (case.start or case.today).isoformat()
    held = [each["status"] for each in case.values["legal_status"] if each["from"] <= day and day <= (each["until"] or "9999")]
    return BY_STATUS.get(held[-1], "yes") if held else "unknown"


if __name__ == "__main__":
    main()
