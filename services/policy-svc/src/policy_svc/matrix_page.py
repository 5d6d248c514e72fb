"""The matrix as one HTML page that needs nothing from any network: to read, filter, print and sign. Nothing is decided here."""

from collections.abc import Iterable, Mapping
from html import escape
from itertools import groupby
from pathlib import Path
from string import Template

from policy_svc.faults import Faults
from policy_svc.matrix import Cell, Matrix, Row, Section, State, together
from policy_svc.rulebook import Rulebook
from policy_svc.yaml_files import read
from stena.contracts.catalogue import Attribute

_HEADER = "rulebook.yaml"
_TEMPLATE = Path(__file__).with_name("matrix_page.html")
_SIGN = {"open": "●", "conditional": "◐", "withheld": "○"}


def page(rulebook: Rulebook, matrix: Matrix) -> str:
    """``matrix`` of ``rulebook`` as a whole document."""
    sections = matrix.sections
    kinds = dict.fromkeys(kind for section in sections for kind in section.kinds)
    return Template(_TEMPLATE.read_text("utf-8")).substitute(
        title=escape(str(read(_HEADER, rulebook.files[_HEADER], Faults())["title"])),
        revision=escape(matrix.revision),
        day=matrix.day.isoformat(),
        country=escape(rulebook.catalogue.country),
        size=escape(_size(rulebook)),
        purpose_options="".join(_option(section.purpose.id, _title(section.purpose.titles)) for section in sections),
        kind_options="".join(_option(kind, kind) for kind in kinds),
        overview=_overview(matrix),
        sections="\n".join(_section(section, matrix.attributes) for section in sections),
    )


def _size(rulebook: Rulebook) -> str:
    counted = {"purposes": rulebook.purposes, "attributes": rulebook.catalogue.attributes}
    counted |= {"organisations": rulebook.organisations, "rules": rulebook.rules}
    return ", ".join(f"{len(things)} {word}" for word, things in counted.items())


def _option(value: str, text: str) -> str:
    return f'<option value="{escape(value)}">{escape(text)}</option>'


def _title(titles: dict[str, str]) -> str:
    return titles.get("en") or next(iter(titles.values()))


def _overview(matrix: Matrix) -> str:
    heads = "".join(
        f'<th><a href="#{escape(section.purpose.id)}">{escape(_title(section.purpose.titles))}</a></th>'
        for section in matrix.sections
    )
    states = [{row.name: row.state for row in section.disclosed} for section in matrix.sections]
    bodies = []
    for category, attributes in groupby(matrix.attributes, key=lambda attribute: attribute.category):
        rows = "".join(
            _marks(attribute.name, [state.get(attribute.name, "withheld") for state in states]) for attribute in attributes
        )
        title = f'<tr class="category"><th colspan="{len(states) + 1}">{escape(category)}</th></tr>'
        bodies.append(f"<tbody>{title}{rows}</tbody>")
    head = f'<colgroup><col class="name"></colgroup><thead><tr><th class="corner">Attribute</th>{heads}</tr></thead>'
    return f'<table id="overview">{head}{"".join(bodies)}</table>'


def _marks(name: str, states: list[State]) -> str:
    marks = "".join(f'<td class="{state}">{_SIGN[state]}</td>' for state in states)
    return f"<tr data-names><th>{_names([name])}</th>{marks}</tr>"


def _names(names: Iterable[str]) -> str:
    """Names that the filter finds one by one; the style sheet puts dots between those that are shown."""
    return " ".join(f'<span class="n">{escape(name)}</span>' for name in names)


def _section(section: Section, attributes: Iterable[Attribute]) -> str:
    purpose = section.purpose
    titles = " · ".join(escape(title) for language, title in purpose.titles.items() if language != "en")
    parts = [
        f"<h2>{escape(_title(purpose.titles))}</h2>",
        f'<p class="soft" lang="und">{titles}</p>',
        f"<p>{escape(purpose.description)}</p>",
        _facts(section),
        _state(section),
        _approvals(section),
        _rows("May do", "Operations", section.operations, section.kinds),
        _rows("Sees", "Attributes", [row for row in section.disclosed if row.state != "withheld"], section.kinds),
        _withheld(section, attributes),
        _rows("May write", "Attributes", section.written, section.kinds),
        _accepts(section),
    ]
    never = ' class="never"' if section.forbidden else ""
    return f'<section id="{escape(purpose.id)}" data-purpose="{escape(purpose.id)}"{never}>{"".join(parts)}</section>'


def _facts(section: Section) -> str:
    purpose = section.purpose
    facts = {
        "Purpose": f"<code>{escape(purpose.id)}</code>",
        "Legal bases": escape(", ".join(purpose.legal_bases)),
        "Rests on consent": "yes" if purpose.needs_consent else "",
        "Within": escape(", ".join(purpose.broader)),
        "Matches": escape(", ".join(purpose.kinds)),
        "Kept for": escape(purpose.retention or ""),
        "Ids reach": "this purpose only" if purpose.ids == "purpose" else "all purposes of an organisation",
        "Vocabulary": f"<code>{escape(purpose.dpv)}</code>",
    }
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{text}</dd>' for name, text in facts.items() if text)}</dl>"


def _state(section: Section) -> str:
    if section.forbidden:
        return "<p><strong>Always denied, whatever a rule says, and every attempt raises an alert.</strong></p>"
    return "" if section.approvals else '<p class="rows">Nobody is approved for it on this day: every call is denied.</p>'


def _approvals(section: Section) -> str:
    rows = "".join(
        f"<tr><th>{escape(approved.organisation.name)}</th><td>{approved.organisation.kind}</td>"
        f"<td>{escape(approval.legal_basis)}</td><td>{escape(', '.join(sorted(approval.regions)) or 'nowhere')}</td>"
        f"<td>{approval.first} to {approval.last}</td></tr>"
        for approved, approval in section.approvals
    )
    heads = "".join(f"<th>{head}</th>" for head in ("Organisation", "Kind", "Legal basis", "Regions", "Approved"))
    return f"<h3>Approved</h3><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""


def _rows(title: str, what: str, rows: Iterable[Row], kinds: Iterable[str]) -> str:
    heads = f"<th>{what}</th>" + "".join(f'<th data-kind="{kind}">{kind}</th>' for kind in kinds)
    body = "".join(_row(names, cells) for names, cells in together(rows))
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="part"><h3>{title}</h3>{table}</div>' if body else ""


def _row(names: list[str], cells: Mapping[str, Cell]) -> str:
    text = "".join(f'<td class="{cell.state}" data-kind="{kind}">{escape(cell.words)}</td>' for kind, cell in cells.items())
    return f"<tr data-names><th>{_names(names)}</th>{text}</tr>"


def _withheld(section: Section, attributes: Iterable[Attribute]) -> str:
    """One row for each category with what it keeps from everybody: read as a list, and found by the filter all the same."""
    kept = {row.name for row in section.disclosed if row.state == "withheld"}
    body = []
    for category, members in groupby(attributes, key=lambda attribute: attribute.category):
        names = [attribute.name for attribute in members if attribute.name in kept]
        cell = f'<td class="withheld" data-kind="">{_names(names)}</td>'
        body += [f"<tr data-names><th>{escape(category)}</th>{cell}</tr>"] if names else []
    table = f"<table><thead><tr><th>Category</th><th>Attributes</th></tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f'<div class="part"><h3>Withheld from everybody: not necessary</h3>{table}</div>' if body else ""


def _accepts(section: Section) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(why)}</td></tr>" for name, why in section.purpose.accepts.items())
    head = "<thead><tr><th>Attribute</th><th>Why the purpose cannot do without it</th></tr></thead>"
    return f"<h3>Accepted proxies</h3><table>{head}<tbody>{rows}</tbody></table>" if rows else ""
