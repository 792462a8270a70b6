"""account_issue: what the account shows; whatever touches its safety goes to a human."""

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import NotFound
from actions.faq import ActionNearestTopics
from actions.shop import ask_shop, shop
from actions.turn import Turn, TurnAction
from actions.wording import human_offer, says


class ActionAccountIssue(TurnAction):
    """Tells the masked phone and the level; codes and passwords are never asked for."""

    def name(self) -> str:
        return "action_account_issue"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        if says("account_safety", turn.text):
            say.utter_message(response="utter_account_issue_safety", buttons=human_offer())
            return []
        if turn.text and not says("account_shown", turn.text):
            return await ActionNearestTopics().act(say, turn)
        if not turn.customer:
            say.utter_message(response="utter_account_issue_sign_in", buttons=human_offer())
            return []
        try:
            profile = await ask_shop(turn, shop().profile, turn.customer)
        except NotFound:
            return await ActionNearestTopics().act(say, turn)
        say.utter_message(
            response=f"utter_account_issue_{'level' if profile.level_text else 'shown'}",
            phone=profile.phone,
            level=profile.level_text,
            buttons=human_offer(),
        )
        return []
