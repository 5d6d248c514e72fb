"""Education, experience and skills of invented people, hanging together: schooling → occupation → skills → wishes."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from matching_svc.concepts import Occupation
from stena_local.demo import vocabulary
from stena_local.demo.chance import Chance
from stena_local.demo.life import Life
from stena_local.demo.reference import COUNTRY, codes, subjects

_FINISHED_AT: Final = {0: 12, 1: 12, 2: 15, 3: 18, 4: 20, 5: 21, 6: 22, 7: 24, 8: 28}
_TERTIARY: Final = 5
_TITLES: Final = {
    3: "School leaving certificate",
    4: "Vocational diploma",
    5: "Higher vocational diploma",
    6: "Bachelor",
    7: "Master",
    8: "Doctorate",
}
_DIGITAL: Final = ("none", "basic", "intermediate", "advanced")
_QUALIFYING_LEVEL: Final = 3  # ISCED 2011: from upper secondary on, schooling ends with a paper that says for what


def attributes(chance: Chance, life: Life) -> Mapping[str, Any]:
    """Everything of education, experience, skills and preferences; of children only their schooling."""
    if not life.works:
        return {"education_level": life.schooling} if life.age >= 6 else {}
    occupation = vocabulary.draw_occupation(chance, woman=life.woman, schooling=life.schooling)
    return (
        dict(_education(chance, life, occupation))
        | dict(_experience(chance, life, occupation))
        | dict(_skills(chance, life, occupation))
        | dict(_wishes(chance, life, occupation))
    )


def _education(chance: Chance, life: Life, occupation: Occupation) -> Mapping[str, Any]:
    found: dict[str, Any] = {"education_level": life.schooling}
    if life.schooling < _QUALIFYING_LEVEL:
        return found
    field, subject = _subject(chance, life, occupation)
    title = f"{_TITLES[life.schooling]}, {subject}"
    year = life.born.year + _FINISHED_AT[life.schooling] + chance.randint(0, 2)
    found |= {
        "field_of_study": field,
        "qualifications": [{"title": title, "level": life.schooling, "field": field, "country": life.origin.nationality}],
        "qualification_dates": [{"qualification": title, "year": min(year, life.on.year)}],
    }
    if life.arrived is not None and life.schooling >= _TERTIARY and chance.often(0.5):
        state = chance.one(codes("work")["recognition"])
        found["recognition"] = [{"qualification": title, "state": state, "authority": "enic-desk"}]
    return found


def _subject(chance: Chance, life: Life, occupation: Occupation) -> tuple[str, str]:
    """Field and name of the studies. Who studied and now works below it, as many do after a flight, studied something else."""
    trade = vocabulary.goes_with(occupation)
    if life.schooling >= _TERTIARY and trade.level < _TERTIARY:
        return chance.one(subjects(women=life.woman))
    return trade.field, occupation.labels["en"]


def _experience(chance: Chance, life: Life, occupation: Occupation) -> Mapping[str, Any]:
    """Up to three jobs one after the other, from the end of schooling until not long ago."""
    month = (life.born.year + max(16, _FINISHED_AT[life.schooling])) * 12 + chance.randint(0, 30)
    flight, now = _month_of(life.arrived or life.born), _month_of(life.on)
    jobs, dates = [], []
    for job in (occupation, vocabulary.draw_related(chance, occupation), occupation)[: chance.randint(1, 3)]:
        before = month < flight
        months = min(chance.randint(4, 96), (flight if before else now) - month)
        if months < 1:
            break
        country = life.origin.nationality if before else COUNTRY
        jobs.append({"occupation": job.uri, "months": months, "country": country})
        dates.append({"occupation": job.uri, "from": _text(month), "until": _text(month + months)})
        month += months + chance.randint(1, 24)
    return {"work_history": jobs, "work_dates": dates}


def _skills(chance: Chance, life: Life, occupation: Occupation) -> Mapping[str, Any]:
    """Most skills of the occupation, a few optional ones, a few of a neighbouring occupation."""
    essential = occupation.essential_skills
    held = chance.some(essential, min(8, len(essential) // 2), min(18, len(essential)))
    held += chance.some(occupation.optional_skills, 0, 3)
    held += chance.some(vocabulary.draw_related(chance, occupation).essential_skills, 0, 3)
    digital = min(3, max(0, (life.schooling + 1) // 3 + chance.randint(-1, 1) - (1 if life.age > 55 else 0)))
    return {
        "skills": list(dict.fromkeys(held)),
        "driving_licences": _licences(chance, life, occupation),
        "digital_skills": _DIGITAL[digital],
    }


def _licences(chance: Chance, life: Life, occupation: Occupation) -> list[str]:
    of_trade = vocabulary.goes_with(occupation).licence
    if of_trade and life.age >= 21:
        return list(of_trade)
    return ["B"] if chance.often(0.35 if life.woman else 0.6) else []


def _wishes(chance: Chance, life: Life, occupation: Occupation) -> Mapping[str, Any]:
    wanted = [occupation.uri, vocabulary.draw_related(chance, occupation).uri]
    hours = chance.one({"full-time": 60, "part-time": 22 if life.woman else 8, "any": 18})
    return {
        "availability": {"from": chance.day(life.on, date(life.on.year + 1, 3, 1)).isoformat(), "hours": hours},
        "wanted_occupations": list(dict.fromkeys(wanted[: chance.randint(1, 2)])),
        "remote": vocabulary.goes_with(occupation).field.startswith("06") and chance.often(0.8),
        "max_distance_km": chance.choice((5, 10, 20, 30, 50, 100)),
        "same_gender_mentor": chance.often(0.3 if life.woman else 0.05),
    }


def _month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def _text(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"
