"""The messages of the open conversation, with the notes that stand between them."""

from bisect import bisect_left
from collections.abc import Awaitable, Callable, Sequence

from nicegui.element import Element

from bot.conversations.models import Message, Note
from bot.staff.texts import Texts

from .bubbles import Bubble, show_note
from .elements import button, el

KEPT = 400  # messages in the browser at most

_Place = tuple[int, int]  # a message's seq and 0, or the seq that a note stands behind and the note's id


class MessageLog:
    """Messages and notes in their order; made inside its frame.

    Args:
        older: called when earlier messages are wanted.
    """

    def __init__(self, t: Texts, older: Callable[[], Awaitable[None]]) -> None:
        self._t = t
        self._bubbles: dict[int, Bubble] = {}
        self._notes: dict[_Place, Element] = {}
        self._places: list[_Place] = []
        self._all_notes: dict[int, Note] = {}
        self._delivered = 0
        with el("div", "messages", data_testid="messages", role="log", tabindex=0):
            self._older = button(t("older"), "older", data_testid="older")
            self._older.on("click", older, args=[])
            self._box = el("div", "log")
            # What is on its way is drawn by the browser alone.
            el("div", "log pending")

    @property
    def first(self) -> int:
        """The oldest ``seq`` on show; 1 when there is none."""
        return min(self._bubbles, default=1)

    @property
    def last(self) -> int:
        """The newest ``seq`` on show; 0 when there is none."""
        return max(self._bubbles, default=0)

    @property
    def undelivered(self) -> bool:
        """Whether an agent's message on show has not reached the shopper's screen."""
        return any(seq > self._delivered for seq, each in self._bubbles.items() if each.by_agent)

    def show(self, messages: Sequence[Message], notes: Sequence[Note], delivered: int) -> None:
        """Show these in place of what was shown, oldest first."""
        self._box.clear()
        self._bubbles.clear()
        self._notes.clear()
        self._places.clear()
        self._all_notes.clear()
        self._delivered = delivered
        self.append(messages, notes, delivered)

    def append(self, messages: Sequence[Message], notes: Sequence[Note], delivered: int) -> None:
        """Show what is new; of the notes all may be given."""
        self._delivered = max(self._delivered, delivered)
        self._add(messages)
        # A long day in one conversation must not make the page heavy.
        for seq in sorted(self._bubbles)[:-KEPT]:
            self._bubbles.pop(seq).element.delete()
            self._places.remove((seq, 0))
        self._all_notes |= {note.id: note for note in notes}
        self._place_notes()
        self.deliver(delivered)
        self._older.set_visibility(self.first > 1)

    def prepend(self, messages: Sequence[Message]) -> None:
        """Show earlier messages."""
        self._add(messages)
        self._place_notes()
        self._older.set_visibility(self.first > 1)

    def deliver(self, seq: int) -> None:
        """The shopper's screen has the log up to here."""
        self._delivered = max(self._delivered, seq)
        for each in self._bubbles.values():
            each.show_delivery(each.seq <= self._delivered)

    def show_understanding(self, messages: Sequence[Message]) -> None:
        """Show how the bot read these, where they are on show."""
        for message in messages:
            if bubble := self._bubbles.get(message.seq):
                bubble.show_understanding(message)

    def _add(self, messages: Sequence[Message]) -> None:
        with self._box:
            for message in messages:
                if message.seq in self._bubbles:
                    continue
                bubble = Bubble(message, self._t)
                bubble.show_delivery(message.seq <= self._delivered)
                self._bubbles[message.seq] = bubble
                self._put(bubble.element, (message.seq, 0))

    def _place_notes(self) -> None:
        """Show the notes that stand among the messages on show, and no others."""
        first = self.first if self.first > 1 else 0
        for place in [place for place in self._notes if place[0] < first]:
            self._notes.pop(place).delete()
            self._places.remove(place)
        for note in self._all_notes.values():
            place = (note.after_seq, note.id)
            if note.after_seq >= first and place not in self._notes:
                with self._box:
                    self._notes[place] = show_note(note, self._t)
                self._put(self._notes[place], place)

    def _put(self, element: Element, place: _Place) -> None:
        index = bisect_left(self._places, place)
        if index < len(self._places):
            element.move(self._box, index)
        self._places.insert(index, place)
