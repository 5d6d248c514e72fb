"""Home and family of invented people: where they live, with whom, and who looks after children who came alone."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import COUNTRY, codes

_CHILDREN: Final = {0: 40, 1: 25, 2: 22, 3: 9, 4: 4}
_LATEST_PARENTHOOD: Final = 42


def attributes(chance: Chance, life: Life) -> Mapping[str, Any]:
    """residence, marital_status, dependants, guardian, nationalities and what ethnicity and religion they name."""
    return dict(_home(life)) | dict(_background(chance, life)) | dict(_family(chance, life))


def _home(life: Life) -> Mapping[str, Any]:
    if life.place is None:
        return {}
    place = life.place
    return {"residence": {"municipality": place.municipality, "nuts": place.nuts, "settlement": place.settlement}}


def _background(chance: Chance, life: Life) -> Mapping[str, Any]:
    origin = life.origin
    nationalities = [origin.nationality]
    if origin.nationality != COUNTRY and chance.often(0.02):
        nationalities.append(chance.choice(("RUS", "LBN", "PAK", "MDA")))
    return {
        "gender": chance.one({"female" if life.woman else "male": 985, "non-binary": 5, "undisclosed": 10}),
        "date_of_birth": life.born.isoformat(),
        "nationalities": nationalities,
        "country_of_birth": origin.nationality if life.arrived is None or life.arrived > life.born else COUNTRY,
        "ethnic_origin": chance.one(origin.ethnic),
        "religion": chance.one(origin.religion),
    }


def _family(chance: Chance, life: Life) -> Mapping[str, Any]:
    if life.alone:
        return {"marital_status": "single", "dependants": [], "guardian": _guardian(life)}
    if not life.works:
        return {"marital_status": "single", "dependants": []}
    status = chance.one(codes("family")["young" if life.age < 25 else "grown"])
    wanted = chance.one(_CHILDREN) if status != "single" or chance.often(0.12) else 0
    return {"marital_status": status, "dependants": _children(chance, life, wanted)}


def _children(chance: Chance, life: Life, wanted: int) -> list[dict[str, Any]]:
    """At most ``wanted``, each of another year: born when the parent was grown, and minors on the day."""
    earliest = max(life.born.year + 18, life.on.year - 17)
    latest = min(life.born.year + _LATEST_PARENTHOOD, life.on.year - 1)
    births = [date(year, chance.randint(1, 12), chance.randint(1, 28)) for year in range(earliest, latest + 1)]
    return [{"relation": "child", "born": born.isoformat()} for born in chance.some(births, wanted, wanted)]


def _guardian(life: Life) -> dict[str, Any]:
    """The municipality's representative; invented like everything here."""
    return {"name": f"Demo Guardian {life.index % 17 + 1}", "relation": "representative", "phone": "+359000000000"}
