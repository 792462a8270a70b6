"""The only reader of the environment.

Every setting is an environment variable with the prefix ``GUITAI_`` (``GUITAI_FRONT_PORT=9000``).
A wrong value stops the start with a message that names the variable.
"""

import sys
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.live_model import BLUE, GREEN
from bot.secret_files import keys, read_or_make

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Typed settings of one installation; times are seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="GUITAI_", extra="ignore")

    host: str = "127.0.0.1"
    front_port: int = Field(8000, ge=1, le=65535)
    office_port: int = Field(8001, ge=1, le=65535)
    shop_port: int = Field(8002, ge=1, le=65535)
    wechat_port: int = Field(8003, ge=1, le=65535)
    engine_port: int = Field(5005, ge=1, le=65535)
    actions_port: int = Field(5055, ge=1, le=65535)
    # So many engines are started here, on engine_port and the ports behind it.
    engines: int = Field(1, ge=1, le=16)
    # Of the second side, which a model is promoted to; 0: the ports behind those of the first.
    green_engine_port: int = Field(0, ge=0, le=65535, validate_default=True)

    data_dir: Path = ROOT / "var"
    models_dir: Path = ROOT / "models"
    # So many of the newest models are kept, besides those that serve and those that admins keep.
    models_kept: int = Field(10, ge=1)
    # What the studio edits, what is trained and what is said: config.yml, domain.yml and data/, and under
    # tests the cases that prove it. A git repository, made one where there is none.
    bot_dir: Path = ROOT
    # Empty: SQLite in the data folder; postgresql://user:password@host/name else.
    database_url: str = Field("", repr=False)
    shop_database_url: str = Field("", repr=False)
    # Tells several processes faster what has grown, redis://host:port; also read from REDIS_URL.
    redis_url: str = Field(
        "",
        repr=False,
        pattern="^$|^(redis|rediss|unix)://",
        validation_alias=AliasChoices("redis_url", "GUITAI_REDIS_URL", "REDIS_URL"),
    )
    # Where the engines keep each dialogue; empty: SQLite in the data folder. Engines on several machines
    # need one on PostgreSQL.
    engine_database_url: str = Field("", repr=False)

    # Addresses as browsers see them, where a proxy stands in front; empty: http://host:port.
    front_public_url: str = ""
    office_public_url: str = ""
    shop_public_url: str = ""
    # Where the other processes are reached; empty: loopback and the ports above. Several engines are
    # separated by commas; every process must be given the same.
    engine_url: str = ""
    # The engines of the second side, where those of the first are named.
    green_engine_url: str = ""
    shop_url: str = ""

    # How the shop is talked to: "rest" (the HTTP contract, at shop_url), "woocommerce" (the three below), or
    # "module:factory" for an adapter of one's own; the factory takes these settings.
    shop_adapter: str = "rest"
    woocommerce_url: str = ""
    woocommerce_key: str = Field("", repr=False)
    woocommerce_secret: str = Field("", repr=False)

    # Shop pages that may embed the widget, exact origins separated by commas; empty: the sample shop.
    allowed_origins: str = ""

    # A turn must end, well or badly, within this time; the shopper is told by then.
    turn_seconds: float = Field(6.0, gt=0, le=60)
    # A turn whose process died is taken over after this time; longer than turn_seconds.
    lease_seconds: float = Field(9.0, gt=0, le=600)

    # A silent shopper: after an agent's last word she is reminded, then the service is closed; after the
    # bot's it is closed at once. 0: never.
    remind_minutes: float = Field(10, ge=0)
    close_minutes: float = Field(10, ge=0)
    bot_close_minutes: float = Field(60, ge=0)
    # What she writes so long after the end goes on with the service; later, a new one begins.
    reopen_hours: float = Field(24, ge=0)

    # After a promotion the former model's engines stay for an instant way back: so many hours, 0: until the
    # next promotion.
    warm_hours: float = Field(0, ge=0)

    # Conversations older than so many days are deleted; 0: never. The bot promises chat_period of
    # data/policies.yml: at most three years.
    retention_days: int = Field(1095, ge=0)
    # Of who looked at what and who did what, rows older than so many days are deleted; 0: never.
    audit_days: int = Field(1095, ge=0)

    # How long a token opens its conversation: a visitor's, and a customer's, which only the shop prolongs.
    session_days: int = Field(30, ge=1, le=365)
    customer_session_hours: int = Field(24, ge=1, le=24 * 30)
    # Of one conversation, and of all that come from one address (many shoppers may share it).
    messages_per_minute: int = Field(120, ge=1)
    address_messages_per_minute: int = Field(600, ge=1)
    sessions_per_minute: int = Field(600, ge=1)
    # Streams open at once in one process, of one conversation (tabs) and of all from one address.
    conversation_streams: int = Field(10, ge=1)
    address_streams: int = Field(500, ge=1)
    # Calls of one token to the desk API, in one process.
    desk_api_per_minute: int = Field(600, ge=1)
    # Addresses of proxies whose X-Forwarded-For is believed, separated by commas.
    trusted_proxies: str = ""

    @field_validator("allowed_origins")
    @classmethod
    def _exact(cls, listed: str) -> str:
        for origin in _parts(listed):
            if not _is_origin(origin) or "*" in origin:
                raise ValueError(f"'{origin}' is no exact origin such as https://www.shop.example")
        return listed

    @field_validator("engines")
    @classmethod
    def _ports_there(cls, engines: int, others: ValidationInfo) -> int:
        last = others.data.get("engine_port", 0) + engines - 1
        if last > 65535:
            raise ValueError(f"the last engine's port would be {last}: lower GUITAI_ENGINE_PORT")
        return engines

    @field_validator("green_engine_port")
    @classmethod
    def _green_ports_there(cls, port: int, others: ValidationInfo) -> int:
        engines = others.data.get("engines", 1)
        first = port or others.data.get("engine_port", 0) + engines
        if first + engines - 1 > 65535:
            raise ValueError(f"its last engine's port would be {first + engines - 1}: set it lower")
        return port

    @field_validator("engine_url", "green_engine_url")
    @classmethod
    def _reachable(cls, listed: str) -> str:
        for address in _parts(listed):
            if not _is_origin(address):
                raise ValueError(f"'{address}' is no engine's address such as http://10.0.0.5:5005")
        return listed

    @property
    def front(self) -> str:
        return self.front_public_url.rstrip("/") or f"http://{self.host}:{self.front_port}"

    @property
    def office(self) -> str:
        return self.office_public_url.rstrip("/") or f"http://{self.host}:{self.office_port}"

    @property
    def shop(self) -> str:
        return self.shop_public_url.rstrip("/") or f"http://{self.host}:{self.shop_port}"

    @property
    def wechat_simulator(self) -> str:
        """Where the demo's stand-in for WeChat and its phone are."""
        return f"http://{self.host}:{self.wechat_port}"

    @property
    def engine_ports(self) -> list[int]:
        """Of the engines of the first side, blue, that are started here."""
        return list(range(self.engine_port, self.engine_port + self.engines))

    @property
    def green_engine_ports(self) -> list[int]:
        """Of the engines of the second side that are started here."""
        first = self.green_engine_port or self.engine_port + self.engines
        return list(range(first, first + self.engines))

    @property
    def engine_urls(self) -> list[str]:
        """Every engine of the first side, blue."""
        return list(dict.fromkeys(_parts(self.engine_url))) or _here(self.engine_ports)

    @property
    def green_engine_urls(self) -> list[str]:
        """Every engine of the second side; none where only those of the first are named."""
        named = list(dict.fromkeys(_parts(self.green_engine_url)))
        return named or ([] if self.engine_url else _here(self.green_engine_ports))

    @property
    def sides(self) -> dict[str, list[str]]:
        """The engines of each side; which side is asked stands in bot/live_model.py."""
        return {BLUE: self.engine_urls, GREEN: self.green_engine_urls}

    @property
    def shop_api(self) -> str:
        return self.shop_url or f"http://127.0.0.1:{self.shop_port}"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'guitai.db'}"

    @property
    def shop_database(self) -> str:
        return self.shop_database_url or f"sqlite:///{self.data_dir / 'shop.db'}"

    @property
    def engine_database(self) -> str:
        """Address of the engines' memory of each dialogue."""
        return self.engine_database_url or f"sqlite:///{self.data_dir / 'engine.db'}"

    @property
    def origins(self) -> list[str]:
        """Origins whose pages may call the web channel."""
        return _parts(self.allowed_origins) or [self.shop]

    # One secret per purpose, so that none can be used for another.
    @property
    def chat_secret(self) -> str:
        """Signs the web channel's session tokens."""
        return self.chat_keys[0]

    @property
    def customer_secret(self) -> str:
        """Shared with the shop: it signs customer tokens, the front checks them."""
        return self.customer_keys[0]

    @cached_property
    def shop_service_secret(self) -> str:
        """Shared with the order backend: service token and signature of the acting customer."""
        return self._secret("shop-service")

    @cached_property
    def office_secret(self) -> str:
        """Signs staff sessions."""
        return self._secret("office")

    @cached_property
    def internal_secret(self) -> str:
        """Proves one of our own processes to another: the front to the engine, the engine to the actions."""
        return self._secret("internal")

    @cached_property
    def webhook_secret(self) -> str:
        """What the secret of each webhook is made from."""
        return self._secret("webhooks")

    # Of several the first signs and each is accepted; read anew when `bot secrets rotate` has changed them.
    @property
    def chat_keys(self) -> tuple[str, ...]:
        """The chat secret, and behind it the former ones that still count."""
        return keys(self.data_dir, "chat")

    @property
    def customer_keys(self) -> tuple[str, ...]:
        """The customer secret, and behind it the former ones that still count."""
        return keys(self.data_dir, "customer")

    def _secret(self, purpose: str) -> str:
        return read_or_make(self.data_dir, purpose)


def _parts(listed: str) -> list[str]:
    """Of origins or addresses separated by commas."""
    return [part.strip().rstrip("/") for part in listed.split(",") if part.strip()]


def _here(ports: list[int]) -> list[str]:
    return [f"http://127.0.0.1:{port}" for port in ports]


def _is_origin(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    exact = parts.scheme in ("http", "https") and address == f"{parts.scheme}://{parts.netloc}"
    return exact and bool(parts.hostname) and port != 0


def _of_this_process() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        wrong = [
            f"The setting GUITAI_{'.'.join(map(str, fault['loc'])).upper()} is wrong: {fault['msg']}."
            for fault in error.errors()
        ]
        sys.exit("\n".join(wrong))


settings = _of_this_process()
