"""A shopper whose service has ended comes back: soon after it goes on, much later it begins anew."""

from datetime import timedelta

from sqlalchemy import update

from bot.conversations.database import connect
from bot.conversations.models import Conversation
from bot.conversations.steps import now
from bot.conversations.store import Store
from tests.shopper import Shopper, text_of, titles
from tests.stack import Running


def ended(running: Running, shopper: Shopper, ago: timedelta) -> None:
    engine = connect(running.settings.database)
    Store(engine).end(shopper.conversation)
    with engine.begin() as connection:
        mine = Conversation.id == shopper.conversation
        connection.execute(update(Conversation).where(mine).values(owner_since=now() - ago))


def test_much_later_a_yes_is_no_answer_to_what_was_asked_then(running: Running) -> None:
    customer, order = running.paid_order()
    shopper = running.shopper(customer)
    assert "确认取消" in titles(shopper.say(f"取消订单{order}"))
    ended(running, shopper, timedelta(hours=48))
    said = shopper.say("好的")
    assert "已经帮您取消" not in text_of(said)
    assert (customer, order) == running.paid_order()
    assert "确认取消" in titles(shopper.say(f"取消订单{order}"))
    shopper.tap("先不取消")


def test_shortly_after_the_dialogue_goes_on(running: Running) -> None:
    customer, order = running.paid_order()
    shopper = running.shopper(customer)
    assert "确认取消" in titles(shopper.say(f"取消订单{order}"))
    ended(running, shopper, timedelta(hours=1))
    asked = shopper.say("多少钱包邮")
    assert "确认取消" in titles(asked), asked
    shopper.tap("先不取消")
    assert (customer, order) == running.paid_order()
