"""Tables of staff accounts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot.conversations.models import UtcDateTime


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012


class Account(Base):
    """One member of staff; ``role`` is agent, supervisor or admin."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(32), unique=True)
    display_name: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str] = mapped_column(String(255))
    # Whoever made her password knows it: nothing opens before she has chosen another.
    must_change: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]


class SignIn(Base):
    """A browser in which somebody is signed in; the row is gone when that has ended."""

    __tablename__ = "sign_in"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    # What the browser's cookie names.
    key: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(index=True)
    seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(45))
    # As the browser calls itself.
    device: Mapped[str] = mapped_column(String(200))

    __table_args__ = ({"sqlite_autoincrement": True},)


class ApiToken(Base):
    """A key to the desk API that acts for an account; of the key itself only the SHA-256 is kept, in hex."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]

    # A revoked token's number never stands for another in the audit.
    __table_args__ = ({"sqlite_autoincrement": True},)
