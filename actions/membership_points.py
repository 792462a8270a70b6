"""membership_points: a customer's points and level."""

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import NotFound, Points, Refused
from actions.faq import ActionNearestTopics
from actions.shop import ask_shop, shop
from actions.turn import Turn, TurnAction
from actions.wording import day, human_offer, lines, moment, money, says, wording

CHANGES = 5
EXPIRING = 2


class ActionMembershipPoints(TurnAction):
    """Tells balance, level, what the next level takes and what expires; on request the last changes."""

    def name(self) -> str:
        return "action_membership_points"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if turn.text and (says("not_points", turn.text) or not says("points", turn.text)):
            return await ActionNearestTopics().act(say, turn)
        if not turn.customer:
            say.utter_message(response="utter_membership_points_sign_in")
            return []
        try:
            points = await ask_shop(turn, shop().points, turn.customer)
        except NotFound:
            return await ActionNearestTopics().act(say, turn)
        except Refused as refused:
            say.utter_message(
                response="utter_membership_points_refused", reason=refused.reason, buttons=human_offer()
            )
            return []
        changes = says("points_changes", turn.text)
        say.utter_message(
            response=f"utter_membership_points_{'changes' if changes and points.history else 'told'}",
            balance=f"{points.balance:,}",
            level=points.level_text,
            next=_next(points),
            expiring="".join(
                wording()["points_expire"].format(points=f"{one.points:,}", day=day(one.at))
                for one in points.expiring[:EXPIRING]
            ),
            changes=lines(f"{moment(c.at)} {c.text} {c.points:+,}" for c in points.history[:CHANGES]),
            buttons=human_offer() if changes else [],
        )
        return []


def _next(points: Points) -> str:
    """What the next level still takes."""
    if points.next_level_fen is None or not points.next_level_text:
        return ""
    form = wording()["next_level" if points.next_level_fen else "next_level_soon"]
    return str(form.format(level=points.next_level_text, amount=money(points.next_level_fen)))
