"""Where everything of a local deployment lies and listens, and what each service is told. Knows no process."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from stena_local.postgres import DATABASES, Server, address
from stena_local.processes import HOST
from stena_local.programs import SYSTEM_FOLDER, find
from stena_local.secret_files import SecretFiles
from stena_local.settings import Settings
from stena_local.trouble import DeploymentError


@dataclass(frozen=True)
class Service:
    """One of the four: its name for people, its module, and its place in the row of ports."""

    name: str
    module: str
    offset: int
    program: tuple[str, ...]
    """What Python runs as a module, before it is told where to listen."""


def _inside(name: str, module: str, offset: int) -> Service:
    """A service behind the gateway: nobody from outside reaches its socket."""
    return Service(name, module, offset, ("stena.serving", f"{module}.main:app_from_environment"))


GATEWAY = Service("gateway", "gateway", 0, ("gateway",))
POLICY = _inside("policy-svc", "policy_svc", 1)
PROFILE = _inside("profile-svc", "profile_svc", 2)
MATCHING = _inside("matching-svc", "matching_svc", 3)
SERVICES = (GATEWAY, POLICY, PROFILE, MATCHING)


@dataclass(frozen=True)
class Layout:
    """Every path, port and setting of the deployment that ``settings`` describe."""

    settings: Settings

    @property
    def home(self) -> Path:
        return self.settings.home.resolve()

    @property
    def secrets(self) -> SecretFiles:
        return SecretFiles(self.home / "secrets")

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def policy_state(self) -> Path:
        """Where policy-svc keeps the revision that decides, for a start without its database."""
        return self.home / "policy"

    @property
    def ledger_heads(self) -> Path:
        """Where the gateway keeps the signed heads of the ledger, outside its database."""
        return self.settings.ledger_heads_dir or self.home / "ledger"

    @property
    def erasures(self) -> Path:
        """Where the journal of erasures is kept: in no backup of the databases, or it would come back with them."""
        return self.settings.erasure_journal_dir or self.home / "erasures"

    @property
    def postgres_place(self) -> Path:
        """Below the home; as root where the unprivileged account may enter, named after the home."""
        if os.geteuid() != 0:
            return self.home / "postgres"
        return SYSTEM_FOLDER / hashlib.sha256(str(self.home).encode()).hexdigest()[:16]

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def port(self, service: Service) -> int:
        return self.settings.port + service.offset

    def metrics_port(self, service: Service) -> int:
        return self.settings.port + 10 + service.offset

    @property
    def postgres_port(self) -> int:
        return self.settings.port + 4

    def url(self, service: Service) -> str:
        return f"http://{HOST}:{self.port(service)}"

    def make_folders(self) -> None:
        try:
            for folder in (self.home, self.logs, self.ledger_heads, self.policy_state, self.erasures):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DeploymentError(f"{self.home} cannot be made ({error.strerror}). Choose another --home.") from error

    def made_folders(self) -> list[Path]:
        """The folders that a deployment makes for itself; whatever else lies in its home belongs to somebody else."""
        return [
            self.postgres_place,
            self.secrets.folder,
            self.home / "ledger",
            self.policy_state,
            self.home / "erasures",
            self.logs,
        ]

    def server(self) -> Server:
        return Server(
            place=self.postgres_place,
            port=self.postgres_port,
            passwords=self.secrets.passwords(),
            programs=find(self.settings.postgres_user),
            log=self.log("postgres"),
        )

    def environment(self, service: Service) -> dict[str, str]:
        """What ``service`` is told at run time: nothing with which it could act as the owner of a database."""
        told = {GATEWAY: self._gateway, POLICY: self._policy, PROFILE: self._profile, MATCHING: self._matching}[service]
        return {
            **told(),
            f"{_prefix(service)}METRICS_PORT": str(self.metrics_port(service)),
            f"{_prefix(service)}LOG_LEVEL": self.settings.log_level,
        }

    def operator_environment(self) -> dict[str, str]:
        """What the operator's commands are told: every service's settings and the owners' for migrations."""
        services = {name: value for service in SERVICES for name, value in self.environment(service).items()}
        # The command is no server: it must not take the ports on which the services show their metrics.
        told = {name: value for name, value in services.items() if not name.endswith("_METRICS_PORT")}
        for database in DATABASES:
            told |= self._database(f"{database.upper()}_OWNER_DATABASE", database, "owner")
        return told

    def _gateway(self) -> dict[str, str]:
        limits = self.settings.limits_file
        return {
            **({"GATEWAY_LIMITS_FILE": str(limits.resolve())} if limits else {}),
            **self._database("GATEWAY_DATABASE", "gateway", "app"),
            "GATEWAY_PUBLIC_URL": self.url(GATEWAY),
            "GATEWAY_POLICY_URL": self.url(POLICY),
            "GATEWAY_PROFILE_URL": self.url(PROFILE),
            "GATEWAY_MATCHING_URL": self.url(MATCHING),
            "GATEWAY_POLICY_KEY_FILE": str(self.secrets.path("policy-key")),
            "GATEWAY_TOKEN_KEY_FILE": str(self.secrets.path("token-key")),
            "GATEWAY_ID_KEYS_DIR": str(self.secrets.id_keys),
            "GATEWAY_CURSOR_KEY_FILE": str(self.secrets.path("cursor-key")),
            "GATEWAY_ERASURE_JOURNAL_DIR": str(self.erasures),
            "GATEWAY_JOURNAL_KEY_FILE": str(self.secrets.path("journal-key")),
            "GATEWAY_LEDGER_KEYS_DIR": str(self.secrets.ledger_keys),
            "GATEWAY_LEDGER_HEADS_DIR": str(self.ledger_heads),
        }

    def _policy(self) -> dict[str, str]:
        return {
            **self._database("POLICY_DATABASE", "policy", "app"),
            "POLICY_PUBLIC_URL": self.url(POLICY),
            "POLICY_RULEBOOK_DIR": str(self.settings.rulebook_dir.resolve()),
            "POLICY_GRANT_KEY_FILE": str(self.secrets.path("grant-key")),
            "POLICY_ENFORCEMENT_POINTS_FILE": str(self.secrets.enforcement_points),
            "POLICY_ADMINISTRATORS_FILE": str(self.secrets.administrators),
            "POLICY_STATE_DIR": str(self.policy_state),
        }

    def _profile(self) -> dict[str, str]:
        return {
            **self._database("PROFILE_DATABASE", "profile", "app"),
            **self._database("PROFILE_KEYS_DATABASE", "profile_keys", "app"),
            "PROFILE_POLICY_URL": self.url(POLICY),
            "PROFILE_MASTER_KEYS_DIR": str(self.secrets.master_keys),
            "PROFILE_INDEX_KEY_FILE": str(self.secrets.path("index-key")),
            "PROFILE_ERASURE_JOURNAL_DIR": str(self.erasures),
            "PROFILE_JOURNAL_KEY_FILE": str(self.secrets.path("journal-key")),
        }

    def _matching(self) -> dict[str, str]:
        registered = self.secrets.client_id
        return {
            **self._database("MATCHING_DATABASE", "matching", "app"),
            "MATCHING_POLICY_URL": self.url(POLICY),
            "MATCHING_GATEWAY_URL": self.url(GATEWAY),
            "MATCHING_CLIENT_ID": registered.read_text().strip() if registered.exists() else "",
            "MATCHING_CLIENT_SECRET_FILE": str(self.secrets.client_secret),
        }

    def _database(self, variable: str, database: str, part: str) -> dict[str, str]:
        role = f"{database}_{part}"
        return {
            f"{variable}_URL": str(address(database, role, self.postgres_port)),
            f"{variable}_PASSWORD_FILE": str(self.secrets.password(role)),
        }


def _prefix(service: Service) -> str:
    return service.name.removesuffix("-svc").upper() + "_"
