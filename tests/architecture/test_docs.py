"""The pages say what is there: settings, commands, targets, files and calls that they name exist, and the other way round."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from fastapi import FastAPI
from typer.main import get_command

from gateway.routes import ROUTERS
from gateway.settings import GatewaySettings
from matching_svc.settings import MatchingSettings
from policy_svc.settings import PolicySettings
from profile_svc.settings import ProfileSettings
from stena.settings import ServiceSettings
from stena_local.main import app as stena

from .modules import HOUSE

PAGES = [HOUSE / "README.md", HOUSE / "CONTRIBUTING.md", *sorted((HOUSE / "docs").rglob("*.md"))]
TEXT = {page: page.read_text() for page in PAGES}
INTERNAL = TEXT[HOUSE / "docs" / "internal-api.md"]
SETTINGS = (GatewaySettings, PolicySettings, ProfileSettings, MatchingSettings)


def named(pattern: str) -> set[str]:
    return {found for text in TEXT.values() for found in re.findall(pattern, text)}


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.__name__)
def test_every_setting_is_on_the_page_and_every_one_on_the_page_is_a_setting(settings: type[ServiceSettings]) -> None:
    prefix = str(settings.model_config["env_prefix"])
    row = next(line for line in INTERNAL.splitlines() if line.startswith("|") and f"`{prefix}`" in line)
    on_page = set(re.findall(r"`([A-Z_]+)`", row)) - {prefix}
    common = set(ServiceSettings.model_fields)
    assert on_page == {name.upper() for name in settings.model_fields if name not in common}


def test_every_setting_says_what_it_is() -> None:
    silent = [
        f"{each.__name__}.{name}" for each in SETTINGS for name, field in each.model_fields.items() if not field.description
    ]
    assert not silent


def commands() -> set[str]:
    """Every command of `stena`, groups with what is in them."""
    found: set[str] = set()

    def gather(name: str, command: object) -> None:
        found.add(name)
        for part, inner in getattr(command, "commands", {}).items():
            gather(f"{name} {part}".strip(), inner)

    gather("", get_command(stena))
    for entry in entry_points(group="stena.commands"):
        loaded = entry.load()
        gather(entry.name, get_command(loaded) if isinstance(loaded, typer.Typer) else loaded)
    return found


def test_commands_that_the_pages_name_exist() -> None:
    known = commands()
    wanted = named(r"stena ((?:[a-z][a-z-]+)(?: [a-z][a-z-]+)?)[ `\n]")
    missing = {words for words in wanted if not {words, words.split()[0]} & known}
    assert not missing
    groups = {name.split()[0] for name in known if " " in name}
    unknown_parts = {words for words in wanted if words.split()[0] in groups and " " in words and words not in known}
    assert not unknown_parts


def test_targets_that_the_pages_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (HOUSE / "Makefile").read_text(), re.MULTILINE))
    wanted = named(r"(?:^|[`/ ])make ([a-z][a-z-]+)(?=[ `\n])") - {"it", "ids", "and"}
    assert {"demo", "test"} <= wanted <= targets


def test_files_that_the_pages_name_exist() -> None:
    """As they stand in the house, or below a service's source."""
    wanted = named(r"`((?:shared|services|deploy|tests|docs|requirements)/[\w./-]+)`")
    wanted |= {f"services/gateway/src/{path}" for path in named(r"`(gateway/[\w/]+\.py)`")}
    wanted |= {f"services/policy-svc/src/{path}" for path in named(r"`(policy_svc/[\w/]+\.py)`")}
    wanted |= {f"services/profile-svc/src/{path}" for path in named(r"`(profile_svc/[\w/]+\.py)`")}
    wanted |= {f"shared/src/{path}" for path in named(r"`(stena/[\w/]+\.py)`")}
    assert wanted
    assert not {path for path in wanted if not (HOUSE / path).exists()}


def test_links_lead_somewhere() -> None:
    broken = {
        f"{page.relative_to(HOUSE)}: {target}"
        for page, text in TEXT.items()
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text)
        if not (page.parent / target).exists()
    }
    assert not broken


def test_calls_that_the_pages_name_exist() -> None:
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    known = set(app.openapi()["paths"])
    wanted = {re.sub(r"[?].*", "", path) for path in named(r"(?<!access)(/v1/[\w/{}-]+)")}
    assert wanted
    assert wanted <= known


def test_the_readme_opens_with_the_two_commands() -> None:
    first = [line.strip().split("#")[0].strip() for line in TEXT[HOUSE / "README.md"].splitlines() if line.startswith("    ")][
        :2
    ]
    assert first == ["make demo", "make test"]


def test_no_page_or_file_names_an_index_of_packages() -> None:
    tracked = [HOUSE / "Makefile", *PAGES, *sorted((HOUSE / "requirements").iterdir()), HOUSE / "deploy" / "Dockerfile"]
    assert not [str(path) for path in tracked if re.search(r"pypi\.|index-url +http|simple/", path.read_text())]


def test_every_decision_says_context_decision_price_and_what_keeps_it() -> None:
    pages = sorted(Path(HOUSE / "docs" / "decisions").glob("*.md"))
    assert pages
    for page in pages:
        for word in ("**Context.**", "**Decision.**", "**Price.**", "**Kept by**"):
            assert word in TEXT[page], f"{page.name} lacks {word}"
