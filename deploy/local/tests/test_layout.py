"""The embedded and the container deployment tell the services the same things, and no service more than it may know."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from stena_local.layout import GATEWAY, MATCHING, SERVICES, Layout, Service
from stena_local.settings import Settings

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "compose.yaml").read_text())


def container(name: str) -> Mapping[str, Any]:
    described: Mapping[str, Any] = COMPOSE["services"][name]
    return described


def secrets_of(name: str) -> set[str]:
    return {secret if isinstance(secret, str) else secret["source"] for secret in container(name)["secrets"]}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(Settings(home=tmp_path, port=9000))
    layout.secrets.make()
    return layout


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_container_is_told_what_the_embedded_service_is_told(layout: Layout, service: Service) -> None:
    embedded = {name for name in layout.environment(service) if not name.endswith("_LOG_LEVEL")}
    contained = {name.replace("CLIENT_ID_FILE", "CLIENT_ID") for name in container(service.name)["environment"]}
    assert contained - {"PORT", f"{service.name.removesuffix('-svc').upper()}_METRICS_HOST"} == embedded


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_no_running_service_can_become_the_owner_of_a_database(layout: Layout, service: Service) -> None:
    assert not [name for name in layout.environment(service) if "OWNER" in name]
    assert not [name for name in secrets_of(service.name) if name.endswith("_owner") or name == "postgres"]


def test_each_key_is_in_the_hands_of_one_service(layout: Layout) -> None:
    """Grants are signed by policy-svc alone; only profile-svc opens what is sealed; only the gateway makes ids and tokens.

    One is shared: profile-svc writes the journal of erasures, and the gateway has to know its lines.
    """
    folder = str(layout.secrets.folder)
    embedded = [value for service in SERVICES for value in layout.environment(service).values() if value.startswith(folder)]
    contained = [name for service in SERVICES for name in secrets_of(service.name)]
    assert shared(Path(value).name for value in embedded) == {"journal-key"}
    assert shared(contained) == {"journal-key"}


def shared(names: Iterable[str]) -> set[str]:
    return {name for name, services in Counter(names).items() if services > 1}


def test_passwords_stand_in_files_and_never_in_the_environment(layout: Layout) -> None:
    told = " ".join(layout.operator_environment().values())
    assert [role for role, password in layout.secrets.passwords().items() if password in told] == []


def test_commands_do_not_take_the_ports_of_the_services_metrics(layout: Layout) -> None:
    assert not [name for name in layout.operator_environment() if name.endswith("METRICS_PORT")]


def test_one_port_moves_the_whole_deployment(layout: Layout) -> None:
    told = [value for service in SERVICES for value in layout.environment(service).values()]
    assert not [value for value in told if ":84" in value or value.startswith("84")]
    assert layout.url(GATEWAY) == "http://127.0.0.1:9000"


def test_only_nginx_is_published_and_on_loopback_unless_told_otherwise() -> None:
    published = {name: service["ports"] for name, service in COMPOSE["services"].items() if "ports" in service}
    assert list(published) == ["nginx"]
    assert all(port.startswith("${STENA_BIND:-127.0.0.1}:") for port in published["nginx"])


def test_nginx_reaches_the_gateway_and_nothing_else() -> None:
    assert container("nginx")["networks"] == ["front"]
    assert "secrets" not in container("nginx")


def test_every_container_is_bounded_and_changes_nothing_of_its_image() -> None:
    for name, service in COMPOSE["services"].items():
        assert {"mem_limit", "pids_limit", "logging", "restart"} <= service.keys(), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["user"] != "0:0" or service["network_mode"] == "none", name


def test_no_network_leads_from_matching_to_the_people() -> None:
    assert not set(container("matching-svc")["networks"]) & set(container("profile-svc")["networks"])
    assert [name for name, network in COMPOSE["networks"].items() if not network.get("internal")] == ["front"]
    outside = [name for name, service in COMPOSE["services"].items() if "front" in service.get("networks", [])]
    assert outside == ["nginx", "gateway"]


def test_matching_says_who_it_is_once_it_is_registered(layout: Layout) -> None:
    assert layout.environment(MATCHING)["MATCHING_CLIENT_ID"] == ""
    layout.secrets.keep_client("cli_1", "secret")
    assert layout.environment(MATCHING)["MATCHING_CLIENT_ID"] == "cli_1"
