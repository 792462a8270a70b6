"""Tables of the WeChat channel; what is a shopper's goes with her conversation."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.models import Base


class User(Base):
    """A shopper as one account knows her, and her conversation there."""

    __tablename__ = "wechat_user"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    account: Mapped[str] = mapped_column(String(32))
    # In WeCom her id and that of the desk she writes to (kf.address).
    openid: Mapped[str] = mapped_column(String(96))
    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )

    __table_args__ = (UniqueConstraint("account", "openid"),)


class PassiveReply(Base):
    """What a message was answered with on its own connection: the same to each delivery of it."""

    __tablename__ = "wechat_passive_reply"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    text: Mapped[str] = mapped_column(Text)
    # No text: the message was handed to WeChat's own desk.
    transferred: Mapped[bool] = mapped_column(default=False)


class Button(Base):
    """A button that was offered; WeChat knows it by its id alone."""

    __tablename__ = "wechat_button"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    # The message that offered it, and its place there, from 1.
    seq: Mapped[int]
    number: Mapped[int]
    title: Mapped[str] = mapped_column(Text)
    payload: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (Index("ix_wechat_button_offered", "conversation_id", "seq", "number", unique=True),)


class Begun(Base):
    """A long message of which some parts were sent; gone once all were."""

    __tablename__ = "wechat_begun"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int]
    parts: Mapped[int]


class SignIn(Base):
    """A browser on its way from WeChat by the shop to a binding; state and browser are kept as digests."""

    __tablename__ = "wechat_sign_in"

    state: Mapped[str] = mapped_column(String(64), primary_key=True)
    # The cookie of the browser that began.
    browser: Mapped[str] = mapped_column(String(64))
    account: Mapped[str] = mapped_column(String(32))
    # Once WeChat has told it.
    openid: Mapped[str | None] = mapped_column(String(64))
    step: Mapped[str] = mapped_column(String(8))
    until: Mapped[datetime] = mapped_column(index=True)


class Told(Base):
    """Since which message something waits that a template message has told the shopper of, and when."""

    __tablename__ = "wechat_told"

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int]
    at: Mapped[datetime]


class Standing(Base):
    """How an account stands with WeChat: its access token, and whether it may send. For all processes."""

    __tablename__ = "wechat_standing"

    account: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime]
    forced_at: Mapped[datetime | None]
    # WeChat has refused it the customer-service API: replies alone are tried until then.
    barred_until: Mapped[datetime | None]
    # Whoever fetches the next token.
    lease_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]


class Pulled(Base):
    """How far a desk of WeCom's customer service (open_kfid) was pulled; messages wait where asked > done."""

    __tablename__ = "wechat_pulled"

    account: Mapped[str] = mapped_column(String(32), primary_key=True)
    desk: Mapped[str] = mapped_column(String(64), primary_key=True)
    cursor: Mapped[str] = mapped_column(Text, default="")
    # Of the last call that told of messages.
    token: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    asked: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    lease_by: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
