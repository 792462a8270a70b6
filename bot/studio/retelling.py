"""A story made from a conversation: what was said as intents, what the bot did as steps, nobody's own data.

The log knows how each message was understood, and what people answered; what the bot did in a turn only the
engine remembers. Where it does not, the rules say it, or the admin.
"""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from bot.conversations import titles
from bot.conversations.engine_client import EngineClient, EngineFailed
from bot.conversations.models import Conversation, Message
from bot.conversations.store import UNSURE, Store
from bot.data_faults import Fault
from bot.data_files import Unreadable, mapping, parse
from bot.deeds import deeds
from bot.settings import Settings
from bot.studio.cannot import Cannot
from bot.studio.files import Author, Files, Refused, Repository, language, lexicon, stories, yaml_edit
from bot.studio.review import words
from bot.studio.sandbox.turns import BEGINS, FAQ, LISTEN
from bot.studio.sandbox.turns import Turn as Chatted

MOST = 20
"""Turns of a conversation that are offered, the last ones."""
AFTER = 3
"""Turns behind the one that was asked for."""
ANSWERS = 3
LOOKED_AT = 400  # messages behind the first turn
LONGEST_NAME, LONGEST_ANSWER = 120, 1000
UTTER = re.compile(r"utter_[a-z][a-z0-9_]{1,60}")
NAME = re.compile(r"[a-z][a-z0-9_]{2,50}")
NEW_INTENT = "+"
"""As the intent of a turn: one that is not there yet."""
OWN, RULE, NEW = "own", "rule", "new"
"""What the bot does in a turn: what it did, what a rule says, a new answer; else it is an action's name."""
REQUESTED = "requested_slot"
LEAVES = {"action": "action_deactivate_loop"}  # whether or not there is a form
ENGINE_SECONDS = 3.0

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){4,}(?!\d)")

Steps = list[dict[str, Any]]


class CannotTell(Cannot):
    """There is no story."""


@dataclass(frozen=True)
class Heard:
    """A turn of a conversation."""

    number: int
    text: str
    """What the shopper said; for whoever makes the story, never for the story."""
    intent: str
    topic: str
    """``faq/…`` where a written answer was found."""
    entities: tuple[tuple[str, str], ...]
    """Names and values."""
    deeds: tuple[Mapping[str, Any], ...] | None
    """Events of what the bot did; None: not known."""
    replies: tuple[str, ...]
    people: tuple[str, ...] = ()
    """What people answered behind it."""

    @property
    def did(self) -> list[str]:
        """The bot's actions."""
        done = [str(each["name"]) for each in self.deeds or () if each["event"] == "action"]
        return [name for name in done if name not in (LISTEN, *BEGINS)]


@dataclass(frozen=True)
class Conversed:
    """A conversation that may become a story."""

    turns: tuple[Heard, ...]
    remembered: bool
    """Whether what the bot did is known."""
    chosen: int = 0
    """The number of the turn that was asked for; 0: none was."""


@dataclass(frozen=True)
class Choice:
    """What becomes of a turn: which intent it has, and what the bot does (see ``OWN``)."""

    number: int
    intent: str
    bot: str


@dataclass(frozen=True)
class NewAnswer:
    """A response that is not there yet."""

    name: str
    text: str


@dataclass(frozen=True)
class NewIntent:
    """An intent that is not there yet, what people call it, and how shoppers say it."""

    name: str
    title: str
    examples: Sequence[str]


@dataclass(frozen=True)
class Story:
    """What a conversation came to: a story, or a rule where it is one turn, as that holds at any time."""

    kind: stories.Kind
    name: str
    source: str
    """As it is written, from its dash on."""
    steps: tuple[Mapping[str, Any], ...]
    path: str
    """The file it belongs into."""
    answer: NewAnswer | None
    intent: NewIntent | None
    unclear: tuple[int, ...] = ()
    """Numbers of the turns in which nobody says what the bot does."""
    clashes: tuple[int, ...] = ()
    """Numbers of the turns in which a rule says otherwise: it could not be trained."""


@dataclass
class _Loop:
    """The form that is under way while turns are told."""

    name: str | None = None


# ---- what was said ----


def of_log(store: Store, settings: Settings, conversation: str, seq: int | None = None) -> Conversed:
    """A real conversation up to a few turns behind the message ``seq``, or to its end.

    Raises:
        CannotTell: there is no such conversation, or nothing in it that the bot has read.
    """
    with store.reading() as session:
        if session.get(Conversation, conversation) is None:
            raise CannotTell("gone")
        said = Message.conversation_id == conversation
        read = said & (Message.sender == "shopper") & Message.understanding.is_not(None)
        until = read if seq is None else read & (Message.seq <= seq)
        asked = [*session.scalars(select(Message).where(until).order_by(Message.seq.desc()).limit(MOST))][
            ::-1
        ]
        behind = list[Message]()
        if seq is not None:
            later = select(Message).where(read, Message.seq > seq).order_by(Message.seq)
            behind = list(session.scalars(later.limit(AFTER + 1)))
        shown = [*asked, *behind[:AFTER]]
        if not shown:
            raise CannotTell("nothing_read")
        others = said & Message.sender.in_(("bot", "agent")) & (Message.seq > shown[0].seq)
        answers = list(session.scalars(select(Message).where(others).order_by(Message.seq).limit(LOOKED_AT)))
    remembered = _remembered(settings, conversation)
    begun = [each.seq for each in (*shown, *behind[AFTER:])]
    ends = [*begun[1:], answers[-1].seq + 1 if answers else 0]
    turns = [
        _heard(message, [a for a in answers if message.seq < a.seq < end], remembered)
        for message, end in zip(shown, ends, strict=False)
    ]
    chosen = next((each.number for each in turns if each.number == seq), 0)
    return Conversed(tuple(turns), any(each.deeds is not None for each in turns), chosen)


def of_chat(turns: Iterable[Chatted]) -> Conversed:
    """A chat in the sandbox. Raises CannotTell: nothing was said in it."""
    heard = [
        Heard(
            turn.number,
            turn.text,
            turn.intent,
            turn.topic,
            tuple((each.name, each.value) for each in turn.entities),
            tuple(deeds(turn.events)),
            tuple(str(reply.get("text") or "") for reply in turn.replies),
        )
        for turn in turns
        if not turn.failed
    ]
    if not heard:
        raise CannotTell("nothing_read")
    return Conversed(tuple(heard[-MOST:]), remembered=True)


def _heard(
    message: Message, answers: Sequence[Message], remembered: Mapping[str, Sequence[Mapping[str, Any]]]
) -> Heard:
    read = message.understanding or {}
    topic = (read.get("faq") or {}).get("topic")
    done = remembered.get(f"{message.conversation_id}:{message.seq}")
    return Heard(
        message.seq,
        message.text or titles.title((message.payload or "").lstrip("/").partition("{")[0]),
        str(read.get("intent") or ""),
        f"{FAQ}/{topic}" if topic and read.get("intent") == FAQ else "",
        tuple((str(e.get("entity")), str(e.get("value"))) for e in read.get("entities") or ()),
        None if done is None else tuple(done),
        tuple(each.text for each in answers if each.sender == "bot" and each.text),
        tuple(each.text for each in answers if each.sender == "agent" and each.text)[:ANSWERS],
    )


def _remembered(settings: Settings, conversation: str) -> dict[str, list[dict[str, Any]]]:
    """What any of the engines remembers of the conversation; nothing where none can be asked."""

    async def ask() -> dict[str, list[dict[str, Any]]]:
        # All have one memory.
        for url in (*settings.engine_urls, *settings.green_engine_urls):
            client = EngineClient(url, settings.internal_secret, ENGINE_SECONDS)
            try:
                return await client.remembered(conversation)
            except EngineFailed:
                continue
            finally:
                await client.close()
        return {}

    return asyncio.run(ask())


# ---- what becomes of it ----


def usual(conversed: Conversed) -> list[Choice]:
    """What a story of the conversation would be by itself.

    The turns since people last answered up to the one that was asked for or the next that people answered:
    what the bot did in them, and in place of what it did in that one, the answer. What people answered and
    the bot had not understood is a new intent.
    """
    people = [turn.number for turn in conversed.turns if turn.people]
    last = conversed.turns[-1].number
    behind = (number for number in people if number >= conversed.chosen)
    until = next(behind, conversed.chosen or last)
    since = max((number for number in people if number < until), default=0)
    return [
        Choice(
            turn.number,
            NEW_INTENT if turn.people and turn.intent in UNSURE else turn.intent,
            NEW if turn.people else OWN if turn.deeds is not None else RULE,
        )
        for turn in conversed.turns
        if since < turn.number <= until
    ]


def compose(
    files: Files,
    conversed: Conversed,
    choices: Sequence[Choice],
    name: str = "",
    answer: NewAnswer | None = None,
    intent: NewIntent | None = None,
) -> Story:
    """The story of the chosen turns.

    Raises:
        CannotTell: nothing was chosen, or something that is not there.
    """
    chosen = {each.number: each for each in choices}
    known = {each.name for each in language.intents(files)}
    domain = _domain(files)
    names = lexicon.spellings(files)
    loop, steps, unclear, clashes, asked = _Loop(), Steps(), list[int](), list[int](), list[str]()
    new = False
    for turn in conversed.turns:
        choice = chosen.get(turn.number)
        if choice and choice.intent == NEW_INTENT and intent:
            choice = replace(choice, intent=intent.name)
            known.add(intent.name)
        in_form = loop.name is not None
        filling, own = _done(turn, loop, domain)
        if choice is None:
            continue
        if choice.intent not in known:
            raise CannotTell("unknown_intent", name=choice.intent[:60])
        if choice.bot == NEW and (answer is None or new):
            raise CannotTell("no_answer" if answer is None else "two_answers")
        new = new or choice.bot == NEW
        does = _does(files, choice, turn, own, answer)
        if choice.bot == OWN and turn.deeds is None:
            does = []
        if not does and not (filling and choice.bot == OWN):
            unclear.append(turn.number)
        rule = [] if in_form else by_rule(files, choice.intent, {name for name, _ in turn.entities})
        if rule and does and does[0] != rule[0]:
            clashes.append(turn.number)
        asked.append(choice.intent)
        # What a form is told while it asks is the form's own, and no step.
        if not (filling and choice.bot == OWN and choice.intent == turn.intent):
            steps.append(_user(choice, turn, names))
        steps += does
    if not steps:
        raise CannotTell("nothing_chosen")
    if not any("intent" in step for step in steps):
        raise CannotTell("only_a_form")
    if intent and intent.name not in asked:
        intent = None
    name = " ".join(name.split())[:LONGEST_NAME] or default_name(asked, intent)
    kind: stories.Kind = "rule" if sum("intent" in step for step in steps) == 1 else "story"
    return Story(
        *(kind, name, _source(kind, name, steps), tuple(steps)),
        f"{stories.FOLDER}/{intent.name}.yml" if intent else _path(files, asked),
        *(answer if new else None, intent, tuple(unclear), tuple(clashes)),
    )


def default_name(intents: Sequence[str], fresh: NewIntent | None = None) -> str:
    """What a story of these intents is called until somebody names it."""
    own = {fresh.name: fresh.title} if fresh and fresh.title else {}
    called = [own.get(each) or titles.title(each) for each in intents]
    return " → ".join(each for i, each in enumerate(called) if i == 0 or called[i - 1] != each)[:LONGEST_NAME]


def masked(answer: str, shop: Collection[str] = ()) -> str:
    """What a person answered, as it may be said to everybody: without numbers and addresses of one's own.

    ``shop``: the numbers that are everybody's (``shop_numbers``).
    """
    plain = _EMAIL.sub("…", words.visible(answer))
    return _NUMBER.sub(lambda found: found[0] if _digits(found[0]) in shop else "…", plain)[:LONGEST_ANSWER]


def shop_numbers(files: Files) -> set[str]:
    """The digits of the long numbers among the shop's policies, as its telephone; none where it has none."""
    try:
        values = lexicon.policies(files).values()
    except Refused:  # the data check tells of it
        return set()
    return {_digits(found) for value in values for found in _NUMBER.findall(value)}


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def check_answer(files: Files, answer: NewAnswer, conversed: Conversed) -> None:
    """Raises CannotTell: it cannot be a new response, or tells what is one shopper's own."""
    if not UTTER.fullmatch(answer.name):
        raise CannotTell("answer_name")
    if answer.name in language.responses(files):
        raise CannotTell("answer_taken", name=answer.name)
    if not answer.text.strip():
        raise CannotTell("no_answer")
    _check_personal(files, conversed, answer.text, "personal")


def check_intent(files: Files, intent: NewIntent, conversed: Conversed) -> None:
    """Raises CannotTell: it cannot be a new intent, or an example tells what is one shopper's own."""
    if not NAME.fullmatch(intent.name):
        raise CannotTell("intent_name")
    if intent.name in {each.name for each in language.intents(files)}:
        raise CannotTell("intent_taken", name=intent.name)
    if not intent.title.strip() or not any(each.strip() for each in intent.examples):
        raise CannotTell("intent_empty")
    for example in intent.examples:
        if len(example) > words.LONGEST_EXAMPLE:
            raise CannotTell("example_long", most=words.LONGEST_EXAMPLE)
        _check_personal(files, conversed, example, "example_personal")


def _check_personal(files: Files, conversed: Conversed, text: str, why: str) -> None:
    said = [
        *(turn.text for turn in conversed.turns),
        *(v for turn in conversed.turns for _, v in turn.entities),
    ]
    said += [text for turn in conversed.turns for text in (*turn.people, *turn.replies)]
    own = {found for each in said for found in (*_NUMBER.findall(each), *_EMAIL.findall(each))}
    shop = shop_numbers(files)
    own = {each for each in own if _digits(each) not in shop}
    if found := own & {*_NUMBER.findall(text), *_EMAIL.findall(text)}:
        raise CannotTell(why, found="、".join(sorted(found))[:80])


def save(repository: Repository, author: Author, summary: str, story: Story) -> str | None:
    """Write the story, and the response and the intent of it that are new, as one change; the commit.

    Raises:
        Trouble (of the files): nothing was written.
    """
    with repository.edit(author, summary) as draft:
        if story.intent:
            given = [each for each in map(words.example, story.intent.examples) if each]
            language.add_intent(draft, story.intent.name, given, story.intent.title.strip())
        if story.answer:
            if story.answer.name in language.responses(draft):
                raise Refused([Fault("response_there", name=story.answer.name)])
            language.set_response(draft, story.answer.name, [story.answer.text.strip()])
        stories.add(draft, story.path, story.source)
    return draft.commit


def _done(turn: Heard, loop: _Loop, domain: Mapping[str, Any]) -> tuple[bool, Steps]:
    """Whether a form took the message as an answer to what it asked, and the steps of the turn."""
    influence = {
        str(name)
        for name, slot in (domain.get("slots") or {}).items()
        if isinstance(slot, dict) and slot.get("influence_conversation", True)
    }
    filling = bool(loop.name) and turn.did[:1] == [loop.name]
    steps: Steps = []
    for deed in turn.deeds or ():
        name = deed["name"]
        if deed["event"] == "action" and name not in (LISTEN, *BEGINS):
            if name != loop.name:
                steps.append({"action": name})
            elif not filling:  # it goes on after something else
                steps += [{"action": name}, {"active_loop": name}]
        elif deed["event"] == "active_loop" and (name or loop.name or steps[-1:] == [LEAVES]):
            steps.append({"active_loop": name})
            if name is None and loop.name:
                steps.append({"slot_was_set": [{REQUESTED: None}]})
            loop.name = name
        elif deed["event"] == "slot" and name in influence and name != REQUESTED:
            steps.append({"slot_was_set": [name if deed["set"] else {name: None}]})
    return filling, steps


def _does(files: Files, choice: Choice, turn: Heard, own: Steps, answer: NewAnswer | None) -> Steps:
    if choice.bot == OWN:
        return own
    if choice.bot == RULE:
        return by_rule(files, choice.intent, {name for name, _ in turn.entities})
    if choice.bot == NEW:
        return [{"action": answer.name}] if answer else []
    if choice.bot not in actions(files):
        raise CannotTell("unknown_action", name=choice.bot[:60])
    return [{"action": choice.bot}]


def by_rule(files: Files, intent: str, entities: Iterable[str] = ()) -> Steps:
    """What the rules have the bot do for an intent; nothing where there is none."""
    there, best, most = set(entities), Steps(), -1
    for told in stories.told(files):
        first = told.steps[0] if told.steps and isinstance(told.steps[0], dict) else {}
        wanted = {
            str(next(iter(e), "")) if isinstance(e, dict) else str(e) for e in first.get("entities") or ()
        }
        fits = told.kind == "rule" and not told.condition and first.get("intent") == intent
        if fits and wanted <= there and len(wanted) > most:
            best, most = [dict(step) for step in told.steps[1:] if isinstance(step, dict)], len(wanted)
    return best


def actions(files: Files) -> list[str]:
    """What the bot can be told to do in a step: its answers, its actions, its forms."""
    domain = _domain(files)
    said = [name for name in language.responses(files) if "/" not in name]
    own = [str(each) for each in domain.get("actions") or () if not str(each).startswith("validate_")]
    topics = [f"utter_{FAQ}"] if language.topics(files) else []
    return [*dict.fromkeys([*topics, *sorted(said), *own, *(domain.get("forms") or ())])]


def _domain(files: Files) -> Mapping[str, Any]:
    """What domain.yml says; nothing while it waits to be mended."""
    try:
        return mapping(parse(language.DOMAIN, files.text(language.DOMAIN)), language.DOMAIN)
    except Unreadable:
        return {}


def _user(choice: Choice, turn: Heard, names: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    entities: list[Any] = []
    for entity, value in dict(turn.entities).items():
        common = value in names.get(f"{lexicon.FOLDER}/{entity}s.yml", {}) and entity != "place"
        entities.append({entity: value} if common else entity)
    return {"intent": choice.intent, **({"entities": entities} if entities else {})}


def _path(files: Files, intents: Sequence[str]) -> str:
    """The file of the first intent that has one: a file of stories is called as one of examples."""
    paths = [path for path in files.files(stories.FOLDER) if path.endswith(".yml")]
    for intent in intents:
        path = f"{stories.FOLDER}/{intent}.yml"
        if path in paths or f"{language.NLU}/{intent}.yml" in files.files(language.NLU):
            return path
    return next(iter(paths), f"{stories.FOLDER}/{intents[0]}.yml")


def _source(kind: str, name: str, steps: Steps) -> str:
    lines = [f"- {kind}: {yaml_edit.scalar(name)}", "  steps:"]
    for step in steps:
        for i, (key, value) in enumerate(step.items()):
            lead = "  - " if i == 0 else "    "
            if isinstance(value, list):
                lines += [f"{lead}{key}:", *(f"    - {_entry(each)}" for each in value)]
            else:
                lines.append(f"{lead}{key}: {_scalar(value)}")
    return "\n".join(lines)


def _entry(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_scalar(each)}" for key, each in value.items())
    return _scalar(value)


def _scalar(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return yaml_edit.scalar(str(value))
