"""What the source answers about conditions: yes, no or unknown, and no more."""

from typing import Any

import pytest

from profile_svc.eligibility import answer
from stena.contracts.matching import Condition

WOMAN = Condition(attribute="gender", operator="eq", value="female")
YOUNG = Condition(attribute="age_band", operator="in", value=("0-17", "18-24"))


@pytest.mark.parametrize(
    ("conditions", "values", "wanted"),
    [
        ([WOMAN], {"gender": "female"}, "yes"),
        ([WOMAN], {"gender": "male"}, "no"),
        ([WOMAN], {"gender": None}, "unknown"),
        ([WOMAN], {}, "unknown"),
        ([YOUNG], {"age_band": "18-24"}, "yes"),
        ([YOUNG], {"age_band": "25-34"}, "no"),
        ([WOMAN, YOUNG], {"gender": "female", "age_band": "18-24"}, "yes"),
        ([WOMAN, YOUNG], {"gender": "female"}, "unknown"),
        ([WOMAN, YOUNG], {"gender": "male"}, "no"),
        ([Condition(attribute="gender", operator="eq", value=True)], {"gender": "male"}, "unknown"),
        ([Condition(attribute="gender", operator="eq", value=1)], {"gender": True}, "unknown"),
        ([Condition(attribute="gender", operator="le", value="z")], {"gender": "male"}, "unknown"),
        ([Condition(attribute="gender", operator="in", value=())], {"gender": "male"}, "unknown"),
        ([WOMAN], {"gender": ["female"]}, "unknown"),
    ],
)
def test_what_makes_no_sense_or_is_not_known_shuts_nobody_out(
    conditions: list[Condition], values: dict[str, Any], wanted: str
) -> None:
    assert answer(conditions, values) == wanted
