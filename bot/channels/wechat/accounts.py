"""The accounts of one installation, as ``wechat.yml`` in the data folder names them."""

import base64
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from re import fullmatch
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .callbacks import Keys, Mode
from .crypto import MessageCipher
from .kinds import WAYS, Kind, Ways

FILE = "wechat.yml"
SIMULATED = {"demo": Kind.OFFICIAL, "demo-mini": Kind.MINIPROGRAM, "demo-kf": Kind.WECOM}


Keyword = Annotated[str, Field(pattern=r"^(thing|character_string|time)[0-9]{1,2}$")]
Says = Literal["what", "ticket", "time"]


class Account(BaseModel):
    """One account; the secrets are what its settings page shows."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
    """Part of its callback address: /wechat/NAME."""
    kind: Kind = Kind.OFFICIAL
    app_id: Annotated[str, Field(pattern=r"^w[wx][0-9a-f]{16}$")]
    """Of WeCom the corp id."""
    app_secret: Annotated[str, Field(min_length=1, repr=False)]
    token: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{3,32}$", repr=False)]
    aes_key: Annotated[str, Field(repr=False)] = ""
    mode: Mode = Mode.SAFE
    verified: bool = True
    """Whether it may call the customer-service API."""
    native_desk: bool = False
    """Whether conversations for people go to WeChat's own desk instead of ours."""
    menu: dict[str, str] = {}
    """Of its own menu: an item's title, which is its key, and what it stands for, as if she had said it."""
    template: str = ""
    """Id of the template message that tells that something waits, where it has one."""
    template_fields: dict[Keyword, Says] = {}
    """Its keywords, and what each says: what has happened, the ticket's number, or the time."""
    sign_in_url: str = ""
    """The shop's page where its customer signs in; without it shoppers stay visitors."""
    base_url: str = Field(default_factory=lambda given: WAYS[given.get("kind", Kind.OFFICIAL)].server)
    passive_seconds: Annotated[float, Field(gt=0, lt=5)] = 4.2

    @field_validator("sign_in_url")
    @classmethod
    def _is_page(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment):
            raise ValueError("give the whole address of the page, https://…, without #")
        return url

    @property
    def ways(self) -> Ways:
        """What an account of its kind can do."""
        return WAYS[self.kind]

    @model_validator(mode="after")
    def _is_whole(self) -> "Account":
        if not fullmatch(self.ways.app_id, self.app_id):
            raise ValueError(f"This is no app_id of the kind {self.kind}")
        if self.ways.pulled and self.mode is not Mode.SAFE:
            raise ValueError(f"The kind {self.kind} knows no other mode than safe")
        if not self.ways.passive and not self.verified:
            raise ValueError(f"The kind {self.kind} answers by the customer-service API alone")
        self.keys()
        return self

    @model_validator(mode="after")
    def _tells(self) -> "Account":
        if bool(self.template) != bool(self.template_fields):
            raise ValueError("template and template_fields go together")
        takes = {"thing": {"what", "ticket", "time"}, "character_string": {"ticket"}, "time": {"time"}}
        for name, what in self.template_fields.items():
            if what not in takes[name.rstrip("0123456789")]:
                raise ValueError(f"template_fields: {name} cannot say '{what}'")
        return self

    @model_validator(mode="after")
    def _may_transfer(self) -> "Account":
        if self.native_desk and (not self.verified or self.ways.pulled):
            raise ValueError("native_desk needs a verified account of WeChat itself")
        return self

    @property
    def signs_in(self) -> bool:
        """Whether its shoppers can be known as the shop's customers."""
        return bool(self.sign_in_url) and self.ways.authorises and self.verified

    def keys(self) -> Keys:
        """What it shares with WeChat. Raises ValueError."""
        return Keys(self.token, self.mode, MessageCipher(self.aes_key, self.app_id) if self.aes_key else None)


class WrongAccounts(Exception):
    """The file cannot be used; the text says where it is wrong, without any of its secrets."""


def checked(given: object) -> Account:
    """The account that ``given`` describes. Raises WrongAccounts."""
    try:
        return Account.model_validate(given)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, each['loc'])) or 'keys'}: {each['msg']}" for each in error.errors()]
        raise WrongAccounts("; ".join(faults) + ".") from None


def load(data_dir: Path) -> dict[str, Account]:
    """The accounts by their names; none where there is no file. Raises WrongAccounts."""
    path = data_dir / FILE
    if not path.exists():
        return {}
    if os.stat(path).st_mode & 0o077:
        raise WrongAccounts(f"{path} holds secrets and may be read by others: run `chmod 600 {path}`.")
    try:
        listed = YAML(typ="safe").load(path)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise WrongAccounts(f"{path}{line}: this is no YAML.") from None
    if not isinstance(listed, list):
        raise WrongAccounts(f"{path} must be a list of accounts.")
    accounts: dict[str, Account] = {}
    for number, each in enumerate(listed, 1):
        try:
            account = checked(each)
        except WrongAccounts as error:
            raise WrongAccounts(f"{path}, account {number}: {error}") from None
        if account.name in accounts:
            raise WrongAccounts(f"{path}: two accounts are named {account.name}.")
        accounts[account.name] = account
    return accounts


def add(data_dir: Path, account: Account) -> None:
    """Write one more account into the file, which only its owner may read. Raises WrongAccounts."""
    known = load(data_dir)
    if account.name in known:
        raise WrongAccounts(f"There is an account named {account.name} already.")
    _write(data_dir, [*known.values(), account])


def ensure_simulated(data_dir: Path, base_url: str, sign_in_url: str) -> None:
    """Have the demo's accounts, at these addresses of simulator and sample shop; others stay as they are.

    Raises WrongAccounts.
    """
    known = load(data_dir)
    for name, kind in SIMULATED.items():
        account = known.get(name) or Account(
            name=name,
            kind=kind,
            app_id=f"{'ww' if kind is Kind.WECOM else 'wx'}{secrets.token_hex(8)}",
            app_secret=secrets.token_hex(16),
            token=new_token(),
            aes_key=new_aes_key(),
            menu={"查物流": "查物流", "人工客服": "转人工"} if kind is Kind.OFFICIAL else {},
        )
        addresses = {"base_url": base_url, "sign_in_url": sign_in_url if account.ways.authorises else ""}
        known[name] = account.model_copy(update=addresses)
    _write(data_dir, list(known.values()))


def _write(data_dir: Path, accounts: Sequence[Account]) -> None:
    listed = [each.model_dump(mode="json", exclude_defaults=True) for each in accounts]
    path = data_dir / FILE
    fresh = path.with_name(f".{FILE}.{secrets.token_hex(4)}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        yaml = YAML(typ="safe")
        yaml.default_flow_style = False
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
        yaml.dump(listed, file)
    fresh.replace(path)


def new_token() -> str:
    """A token to be entered on the account's settings page."""
    return secrets.token_hex(16)


def new_aes_key() -> str:
    """An EncodingAESKey to be entered there."""
    while not (key := base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")).isalnum():
        pass
    return key
