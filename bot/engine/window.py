"""How much of a conversation a turn needs: its last turns, and in short what was before them.

Rasa replays every event of a conversation again and again, so that a turn costs the more the longer the
conversation is. Here a tracker holds the events of the last turns only. What went before stands at its
head as events that bring about the same: slots, loop, last action. Policies that learn from stories see
the past as states instead (``Past.states``), since rules, hidden from them, may fill any number of turns.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any

from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, REQUESTED_SLOT
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    DefinePrevUserUtteredFeaturization,
    Event,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.slots import TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

# So many turns the actions may look back (actions/turn.py), and one more.
TURNS = 6
# A loop is kept from its beginning, as its turns count as one; but not for ever.
MOST_TURNS = 60
# The agent is shown what was spoken of before (actions/human_agent.py): of a text slot so many values.
_VALUES = 3


@dataclass(frozen=True)
class Past:
    """What a conversation was before a window."""

    # The values of each slot in the order they were set, the last being the one it has.
    slots: dict[str, list[Any]] = field(default_factory=dict)
    loop: str | None = None
    last_action: str = ACTION_LISTEN_NAME
    paused: bool = False
    # The last states of the dialogue as policies that learn from stories see it, and where that stands.
    states: list[State] = field(default_factory=list)
    seen_action: dict[str, Any] | None = None
    hidden: bool = False

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Past:
        """Make it of what ``stored()`` gave, after a way through JSON."""
        return cls(**{**stored, "states": [_state(state) for state in stored["states"]]})

    def stored(self) -> dict[str, Any]:
        return vars(self).copy()

    def events(self) -> list[Event]:
        """Events that lead to this past."""
        begun: list[Event] = [SlotSet(name, value) for name, values in self.slots.items() for value in values]
        if self.loop:
            begun.append(ActiveLoop(self.loop))
        if self.paused:
            begun.append(ConversationPaused())
        return [*begun, ActionExecuted(self.last_action)]


def _state(state: dict[str, Any]) -> State:
    return {
        part: {key: tuple(value) if isinstance(value, list) else value for key, value in features.items()}
        for part, features in state.items()
    }


@dataclass
class Mark:
    """Where a turn begins in the tracker's events."""

    number: int
    index: int
    in_loop: bool


class WindowTracker(DialogueStateTracker):
    """The last turns of a conversation: a tracker as any other, for whoever reads its events."""

    def __init__(self, sender_id: str, domain: Domain, rule_only_data: dict[str, Any] | None = None) -> None:
        """Begin with nothing; ``rule_only_data``: slots and loops that occur in rules alone."""
        super().__init__(sender_id, domain.slots)
        self.past: Past | None = None
        self.marks: list[Mark] = []
        self._domain, self._rule_only_data = domain, rule_only_data

    @cached_property
    def replay(self) -> Replay:
        """What the policies see."""
        return Replay(self, self._domain, self._rule_only_data)

    def begin(self, past: Past) -> None:
        """Stand where ``past`` ended."""
        self.past = past
        for event in past.events():
            self.take(event)

    def take(self, event: Event) -> None:
        """Take in what was stored; of a slot that only another model knows, nothing."""
        if not isinstance(event, SlotSet) or event.key in self.slots:
            self.update(event)

    def leave_unknown_loop(self) -> None:
        """Leave a form that only another model knows: no policy of this one could go on with it."""
        if self.active_loop_name and self.active_loop_name not in self._domain.form_names:
            self.update(ActiveLoop(None))
            self.take(SlotSet(REQUESTED_SLOT, None))

    def copy(self) -> WindowTracker:
        """Return a tracker that can go on from here without this one; nothing is replayed for that."""
        twin = copy(self)
        twin.__dict__.pop("replay", None)
        twin.events = self.events.copy()
        twin.marks = self.marks.copy()
        twin.slots = {name: copy(slot) for name, slot in self.slots.items()}
        twin.active_loop = copy(self.active_loop)
        return twin

    def mark(self, number: int) -> None:
        """From here on it is the turn ``number``."""
        self.marks.append(Mark(number, len(self.events), self.active_loop_name is not None))

    def first_needed(self, answers: int) -> int:
        """Return the turn that the next window must begin with.

        ``answers``: how many actions besides listening and loops the policies look back upon at most.
        """
        events = list(self.events)
        last = self.marks[-1].number + 1
        for mark in reversed(self.marks):
            if last - mark.number > MOST_TURNS:
                return mark.number
            if last - mark.number < TURNS or mark.in_loop:
                continue
            loops = {event.name for event in events[mark.index :] if isinstance(event, ActiveLoop)}
            seen = [event for event in events[mark.index :] if isinstance(event, ActionExecuted)]
            if sum(event.action_name not in {ACTION_LISTEN_NAME, *loops} for event in seen) >= answers:
                return mark.number
        return self.marks[0].number

    def left_behind(self, states: int) -> Past:
        """Return what the whole conversation up to now is to a window that begins after it.

        ``states``: how many of them the policies that learn from stories look back upon at most.
        """
        seen = self.replay.seen_so_far()
        return Past(
            slots=self._slot_values(),
            loop=self.active_loop_name,
            last_action=self.latest_action_name or ACTION_LISTEN_NAME,
            paused=self.is_paused(),
            states=seen.states[-states:] if states else [],
            seen_action=seen.last_action,
            hidden=seen.hidden,
        )

    def _slot_values(self) -> dict[str, list[Any]]:
        values: dict[str, list[Any]] = {
            name: [slot.value] for name, slot in self.slots.items() if slot.value is not None
        }
        for name, slot in self.slots.items():
            if isinstance(slot, TextSlot):
                said = [e.value for e in self.events if isinstance(e, SlotSet) and e.key == name]
                distinct = list(dict.fromkeys(value for value in reversed(said) if value is not None))
                earlier = [value for value in reversed(distinct[:_VALUES]) if value != slot.value]
                if earlier:
                    values[name] = [*earlier, slot.value]
        return values


@dataclass
class Seen:
    """The states of a dialogue, without the turns that only rules know."""

    states: list[State]
    last_action: Any = None
    hidden: bool = False

    def add(
        self,
        domain: Domain,
        tracker: DialogueStateTracker,
        hide: bool,
        rule_only_data: dict[str, Any] | None,
    ) -> None:
        """Add the state of ``tracker`` before an action, unless that is hidden.

        As ``Domain.states_for_tracker_history`` of Rasa 3.6.21 does with ``ignore_rule_only_turns``.
        """
        if not self.hidden:
            self.last_action = domain._get_prev_action_sub_state(tracker)
        if not tracker.followup_action and tracker.latest_action_name != tracker.active_loop_name:
            self.hidden = hide
        if self.hidden:
            return
        state = domain.get_active_state(tracker)
        domain._remove_rule_only_features(state, rule_only_data)
        if self.states:
            domain._substitute_rule_only_user_input(state, self.states[-1])
        if self.last_action:
            state[PREVIOUS_ACTION] = self.last_action
        self.states.append(domain._clean_state(state))


class Replay:
    """The states before each action of a tracker's window, carried on as the tracker grows.

    Rasa makes them anew from the first event for each policy and prediction.
    """

    def __init__(self, tracker: WindowTracker, domain: Domain, rule_only_data: dict[str, Any] | None) -> None:
        self._tracker, self._domain, self._rule_only_data = tracker, domain, rule_only_data
        self._begin()

    def states(self) -> list[State]:
        """Return all states of the window; the last is that of now."""
        self._catch_up()
        return _copied([*self._states, self._domain.get_active_state(self._prior)])

    def seen(self) -> list[State]:
        """Return the states of the dialogue up to now, as far as they are kept, without what is hidden."""
        self._catch_up()
        now = Seen(list(self._seen.states), self._seen.last_action, self._seen.hidden)
        now.add(self._domain, self._prior, False, self._rule_only_data)
        return _copied(now.states)

    def seen_so_far(self) -> Seen:
        """What was seen before each action, without the state of now."""
        self._catch_up()
        return self._seen

    def _begin(self) -> None:
        past = self._tracker.past
        # What was before a new beginning counts no more.
        if past and any(isinstance(event, (SessionStarted, Restarted)) for event in self._tracker.events):
            past = None
        self._seen = Seen(list(past.states), past.seen_action, past.hidden) if past else Seen([])
        # The state before the action of the tracker's head is known to the past.
        self._known = past is not None
        self._states: list[State] = []
        self._prior = self._tracker.init_copy()
        self._applied: list[Event] = []
        self._loops = {event.name for event in self._tracker.events if isinstance(event, ActiveLoop)}
        for event in self._tracker.applied_events():
            self._add(event)
        self._count = len(self._tracker.events)

    def _catch_up(self) -> None:
        for event in list(islice(self._tracker.events, self._count, None)):
            if not self._merely_follows(event):
                self._begin()
                return
            self._add(event)
            self._count += 1

    def _merely_follows(self, event: Event) -> bool:
        """Whether the event takes nothing back, as what is undone and the next turn of a loop do."""
        if isinstance(event, ActionExecuted) and event.action_name in self._loops:
            return self._tracker._first_loop_execution_or_unhappy_path(event.action_name, self._applied)
        if isinstance(event, ActiveLoop) and event.name:
            self._loops.add(event.name)
            runs = [each for each in self._applied if isinstance(each, ActionExecuted)]
            return sum(run.action_name == event.name for run in runs) <= 1
        return isinstance(event, _FOLLOWING)

    def _add(self, event: Event) -> None:
        if isinstance(event, ActionExecuted):
            self._states.append(self._domain.get_active_state(self._prior))
            if not self._known:
                self._seen.add(self._domain, self._prior, event.hide_rule_turn, self._rule_only_data)
            self._known = False
        self._applied.append(event)
        self._prior.update(event)


# What never takes anything back. Of all else, should there be any, the window is replayed.
_FOLLOWING = (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    LoopInterrupted,
    SlotSet,
    UserUttered,
)


def _copied(states: list[State]) -> list[State]:
    """Copies, since the policies change what they are given."""
    return [{part: dict(features) for part, features in state.items()} for state in states]
