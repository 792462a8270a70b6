"""What the bot knows to answer: the FAQ topics, and one topic's questions, wordings and days."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import SQLAlchemyError

from bot import validity
from bot.conversations.notices import ZONE
from bot.conversations.steps import now
from bot.problems import Problem
from bot.staff.texts import Texts
from bot.studio.files import Author, Change, Conflict, Snapshot, Trouble, language, lexicon, near
from bot.studio.files.language import Topic, Variation
from bot.studio.files.troubles import Refused
from bot.studio.knowledge import editing, policies, saying, topics, usage
from bot.studio.knowledge.editing import Answer, CannotEdit, NewTopic, Wish
from bot.studio.knowledge.saying import CHANNELS
from bot.studio.knowledge.topics import Fresh
from bot.studio.knowledge.usage import Usage
from bot.studio.services import Services

from . import numbers, troubles
from .shell import Admin, page, said

HERE = "/studio/knowledge"
QUESTIONS = 500  # of one change
COMPARED = 100  # sentences at once
FIGURES = ("handed_over", "rated_badly", "contradicted")
Sort = Literal["area", "answered", "failed"]

_Line = Annotated[str, Field(max_length=2000)]
_Text = Annotated[str, Field(max_length=40_000)]
_Name = Annotated[str, Field(max_length=128)]
_Versions = Annotated[dict[_Name, str | None], Field(max_length=4)]
_Group = Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,40}$")]
_Topic = Annotated[str, Path(pattern="^[a-z0-9_]{1,100}$")]


class Wording(BaseModel):
    """A wording as the form has it; ``number`` is which it was when the form was made."""

    text: _Text
    channel: Annotated[str, Field(pattern="^([a-z][a-z0-9_]{0,15})?$")] = ""
    since: date | None = None
    until: date | None = None
    number: int | None = None

    def made(self) -> Variation:
        # As textareas send them.
        text = self.text.replace("\r\n", "\n").replace("\r", "\n").strip()
        return Variation(text, self.channel, self.since, self.until)


class Save(BaseModel):
    """What was changed on a topic's page (``editing.Wish``)."""

    seen: _Versions
    answers: Annotated[list[Wording], Field(max_length=100)] | None = None
    intent: _Name | None = None
    added: Annotated[list[_Line], Field(max_length=QUESTIONS)] = []
    taken: Annotated[dict[_Line, _Name], Field(max_length=QUESTIONS)] = {}
    removed: Annotated[list[_Line], Field(max_length=QUESTIONS)] = []
    replaced: Annotated[dict[_Line, _Line], Field(max_length=QUESTIONS)] = {}
    moved: Annotated[dict[_Line, _Name], Field(max_length=QUESTIONS)] = {}
    first: _Line | None = None


class Add(BaseModel):
    """A new topic as the form has it."""

    area: _Name
    area_title: Annotated[str, Field(max_length=40)] = ""
    name: _Name
    intent: _Name
    questions: Annotated[list[_Line], Field(max_length=QUESTIONS)]
    answers: Annotated[list[Wording], Field(max_length=100)]


class Remove(BaseModel):
    """The topic as the admin saw it."""

    seen: _Versions


class Sentences(BaseModel):
    """Questions for a topic, to be compared with what is taught."""

    texts: Annotated[list[_Line], Field(max_length=COMPARED)]
    topic: _Name = ""


@dataclass(frozen=True)
class Row:
    """A topic as the list shows it."""

    topic: Topic
    title: str
    area: str
    answer: list[saying.Piece]
    days: topics.Days
    own: bool
    """Whether a channel has a wording of its own."""
    waits: str
    """``added`` or ``changed`` where a training is due; else empty."""
    usage: Usage

    @property
    def address(self) -> str:
        return _address(self.topic.name)

    @property
    def marks(self) -> list[str]:
        """What the page filters by."""
        days = self.days
        there = {
            "silent": days.silent,
            "over": days.over,
            "later": days.later,
            "own": self.own,
            "waits": self.waits,
            "failed": self.usage.failed,
        }
        return [name for name, is_so in there.items() if is_so]


def create_router(services: Services) -> APIRouter:
    """``/studio/knowledge`` and the topics below it."""
    router = APIRouter(prefix=HERE)
    files = services.files

    @router.get("")
    def show(request: Request, staff: Admin, sort: Sort = "area") -> HTMLResponse:
        try:
            snapshot = files.look()
            listed = language.topics(snapshot)
            waiting = topics.fresh(files, snapshot, services.settings) or Fresh()
        except Trouble as why:
            return page(request, staff, "knowledge", 503, failed=troubles.told(request, why).detail)
        figures = _figures(services)
        rows = _rows(snapshot, listed, waiting, figures or {})
        return page(
            request,
            staff,
            "knowledge",
            groups=_sorted(rows, sort, topics.areas(snapshot)),
            count=len(rows),
            questions=sum(len(row.topic.questions) for row in rows),
            marks=_marks(rows),
            sort=sort,
            sorts=("area", "answered", "failed"),
            figures=figures is not None,
            words=f"{HERE}/words?of={_digest(_words(snapshot))}",
            intents=topics.intents(snapshot),
            areas=topics.areas(snapshot),
            opens=_opens(),
            shares=FIGURES,
        )

    @router.get("/words")
    def words(staff: Admin, of: str = "") -> Response:
        """All that is searched, by topic; asked for anew only when it has changed."""
        body = _words(files.look())
        lasts = "private, max-age=86400, immutable" if of == _digest(body) else "no-store"
        return Response(body, media_type="application/json", headers={"Cache-Control": lasts})

    @router.post("/near")
    def compare(request: Request, staff: Admin, body: Sentences) -> list[dict[str, Any]]:
        """What is taught and like each of the sentences."""
        snapshot = _told(request, files.look)
        called = topics.called(snapshot)
        return [
            {
                "text": text,
                "near": [
                    {
                        "text": each.example.plain,
                        "written": each.example.text,
                        "intent": each.example.intent,
                        "title": called.get(each.example.intent, each.example.intent),
                        "same": each.same,
                        "elsewhere": each.elsewhere,
                    }
                    for each in near.conflicts(snapshot, text, body.topic)
                ],
            }
            for text in body.texts
        ]

    @router.get("/new")
    def form(request: Request, staff: Admin, area: str = "", question: str = "") -> HTMLResponse:
        try:
            snapshot = files.look()
            areas = topics.areas(snapshot)
            chosen = area if area in areas else next(iter(areas), "general")
            names = {each: editing.free_name(snapshot, each) for each in areas}
            values = _form(services, snapshot)
        except Trouble as why:
            return page(request, staff, "topic", 503, failed=troubles.told(request, why).detail)
        return page(
            request,
            staff,
            "topic",
            here="knowledge",
            topic=None,
            question=question[:200],
            chosen=chosen,
            names=names,
            usual=topics.usual_intents(snapshot),
            **values,
        )

    @router.post("/new")
    def add(request: Request, staff: Admin, body: Add) -> dict[str, Any]:
        t = said(request, "topic")
        given = NewTopic(
            body.area,
            body.name,
            body.intent,
            body.questions,
            [each.made() for each in body.answers],
            body.area_title,
        )
        first = next((each for each in body.questions if each.strip()), body.name)
        summary = t("summary_added", title=first[:60])
        saved = _told(request, lambda: editing.add(files, Author.of(staff), given, summary))
        return {"address": _address(saved.topic), "told": t("added"), "trains": True}

    @router.get("/topics/{group}/{name}")
    def one(request: Request, staff: Admin, group: _Group, name: _Topic) -> HTMLResponse:
        try:
            snapshot = files.look()
            topic = editing.found(snapshot, f"{group}/{name}")
            waiting = topics.fresh(files, snapshot, services.settings) or Fresh()
            last = topics.last_change(files, topic)
            values = _form(services, snapshot)
        except CannotEdit:
            return page(
                request, staff, "topic", 404, here="knowledge", failed=said(request, "topic")("cannot_gone")
            )
        except Trouble as why:
            return page(
                request, staff, "topic", 503, here="knowledge", failed=troubles.told(request, why).detail
            )
        figures = _figures(services)
        row = _rows(snapshot, [topic], waiting, figures or {})[0]
        return page(
            request,
            staff,
            "topic",
            here="knowledge",
            topic=topic,
            row=row,
            state=_state(snapshot, topic),
            last=last,
            figures=figures is not None,
            opens=_opens(),
            shares=FIGURES,
            **values,
        )

    @router.get("/topics/{group}/{name}/now")
    def state(request: Request, staff: Admin, group: _Group, name: _Topic) -> dict[str, Any]:
        """The topic as it is saved by now, for who must see what another admin has made of it."""
        snapshot = _told(request, files.look)
        topic = _told(request, lambda: editing.found(snapshot, f"{group}/{name}"))
        last = topics.last_change(files, topic)
        return {**_state(snapshot, topic), "by": _by(last, said(request, "topic"))}

    @router.post("/topics/{group}/{name}")
    def save(request: Request, staff: Admin, group: _Group, name: _Topic, body: Save) -> dict[str, Any]:
        t = said(request, "topic")
        answers = None
        if body.answers is not None:
            answers = [Answer(each.made(), each.number) for each in body.answers]
        wish = Wish(
            body.seen,
            answers,
            body.intent,
            body.added,
            body.taken,
            body.removed,
            body.replaced,
            body.moved,
            body.first,
        )
        topic = f"{group}/{name}"
        summary = _summary(t, _title(services, topic), wish)
        saved = _told(request, lambda: editing.save(files, Author.of(staff), topic, wish, summary))
        told = t("nothing" if saved.commit is None else "saved_trains" if wish.learns else "saved")
        if saved.known:
            told += t("known_already", count=saved.known)
        return {"told": told, "trains": wish.learns and saved.commit is not None}

    @router.post("/topics/{group}/{name}/remove")
    def remove(request: Request, staff: Admin, group: _Group, name: _Topic, body: Remove) -> dict[str, Any]:
        t, topic = said(request, "topic"), f"{group}/{name}"
        title = _title(services, topic)
        summary = t("summary_removed", title=title[:60])
        commit = _told(request, lambda: editing.remove(files, Author.of(staff), topic, body.seen, summary))
        return {"told": t("removed", title=title), "address": HERE, "commit": commit}

    return router


def _told(request: Request, do: Callable[[], Any]) -> Any:
    """What was done, or why it was not, as a sentence."""
    try:
        return do()
    except CannotEdit as why:
        sentence = said(request, "topic")(f"cannot_{why.why}", **why.values)
        raise Problem(404 if why.why == "gone" else 422, re.sub("_", "-", why.why), sentence) from why
    except Conflict as why:
        clash = why.clashes[0]
        at = f"{clash.at.astimezone(ZONE):%m-%d %H:%M}"
        sentence = said(request, "topic")("conflict", by=clash.by, at=at)
        raise Problem(409, "changed-meanwhile", sentence) from why
    except Trouble as why:
        raise troubles.told(request, why) from why


def _figures(services: Services) -> dict[str, Usage] | None:
    """None where the log cannot be read now; the topics can."""
    try:
        return usage.of_topics(services.store, usage.lately(now()))
    except SQLAlchemyError:
        return None


def _opens() -> Callable[..., str]:
    """Where a figure of a topic leads."""
    period = usage.lately(now())
    days = f"from={period.first}&to={period.last}"

    def opens(topic: str, why: str = "") -> str:
        more = f"&why={why}" if why else ""
        return f"/studio/figures/conversations?{days}&figure=services&intent={topic}{more}"

    return opens


def _rows(
    snapshot: Snapshot, listed: Sequence[Topic], waiting: Fresh, figures: Mapping[str, Usage]
) -> list[Row]:
    today, values, slots = validity.today(), _policies(snapshot), saying.slots(snapshot)
    rows = []
    for topic in listed:
        shown = saying.said(topic.answers, CHANNELS[0], today) or range(len(topic.answers))
        text = next((topic.answers[number].text for number in shown), "")
        rows.append(
            Row(
                topic,
                topics.title(topic),
                topics.area(topic),
                list(saying.pieces(text.partition("\n")[0], values, slots)),
                topics.days(topic, today),
                any(each.channel for each in topic.answers),
                waiting.why(topic.name),
                figures.get(topic.name, usage.NONE),
            )
        )
    return rows


def _sorted(rows: Sequence[Row], sort: Sort, areas: Mapping[str, str]) -> list[tuple[str, str, list[Row]]]:
    """By area, or all in one, the most first."""
    if sort == "area":
        groups = [(area, title, [row for row in rows if row.area == area]) for area, title in areas.items()]
        elsewhere = [row for row in rows if row.area not in areas]
        groups.append(("", "", elsewhere))
        return [group for group in groups if group[2]]
    keys: Mapping[str, Callable[[Row], Any]] = {
        "answered": lambda row: -row.usage.answered,
        "failed": lambda row: (-row.usage.failed, -(row.usage.share or 0)),
    }
    return [("", "", sorted(rows, key=keys[sort]))] if rows else []


def _marks(rows: Sequence[Row]) -> dict[str, int]:
    """How many topics have each mark that some have."""
    counts: dict[str, int] = {}
    for row in rows:
        for mark in row.marks:
            counts[mark] = counts.get(mark, 0) + 1
    order = ("silent", "over", "later", "own", "waits", "failed")
    return {mark: counts[mark] for mark in order if mark in counts}


def _words(snapshot: Snapshot) -> bytes:
    found = [
        {
            "name": topic.name,
            "title": topics.title(topic),
            "questions": [each.plain for each in topic.questions],
            "answers": [each.text for each in topic.answers],
        }
        for topic in language.topics(snapshot)
    ]
    return json.dumps(found, ensure_ascii=False).encode("utf-8", "replace")


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()[:16]


def _form(services: Services, snapshot: Snapshot) -> dict[str, Any]:
    """What a form of a topic offers."""
    values, labels = _policies(snapshot), policies.labels(snapshot) if _policies(snapshot) else {}
    return {
        "areas": topics.areas(snapshot),
        "intents": topics.intents(snapshot),
        "channels": CHANNELS,
        "offered": [
            {"name": name, "value": value, "label": labels.get(name, name)} for name, value in values.items()
        ],
        "slots": sorted(saying.slots(snapshot)),
        "today": validity.today().isoformat(),
        "words": f"{HERE}/words?of={_digest(_words(snapshot))}",
        "longest": editing.LONGEST,
        "assets": ["topic.css", *numbers.ASSETS, "topic.js"],
    }


def _state(snapshot: Snapshot, topic: Topic) -> dict[str, Any]:
    """What an editor of the topic works on."""
    return {
        "name": topic.name,
        "seen": editing.seen(snapshot, topic),
        "intent": topic.intent,
        "questions": [each.text for each in topic.questions],
        "answers": [
            {
                **asdict(each),
                "since": each.since.isoformat() if each.since else "",
                "until": each.until.isoformat() if each.until else "",
            }
            for each in topic.answers
        ],
    }


def _policies(snapshot: Snapshot) -> Mapping[str, str]:
    try:
        return lexicon.policies(snapshot)
    except Refused:  # the data check tells of it
        return {}


def _title(services: Services, name: str) -> str:
    try:
        return topics.title(editing.found(services.files.look(), name))
    except (CannotEdit, Trouble):
        return name


def _summary(t: Texts, title: str, wish: Wish) -> str:
    """One line for the history: the topic, and what was done with it."""
    counts = {
        "added": len(wish.added) + len(wish.taken),
        "removed": len(wish.removed),
        "replaced": len(wish.replaced),
        "moved": len(wish.moved),
    }
    parts = [t("part_answers")] if wish.answers is not None else []
    parts += [t(f"part_{name}", count=count) for name, count in counts.items() if count]
    parts += [t("part_first")] if wish.first else []
    parts += [t("part_intent")] if wish.intent else []
    return t("summary_saved", title=title[:60], parts=t("joiner").join(parts))


def _by(change: Change | None, t: Texts) -> str:
    if change is None:
        return ""
    return t("by_hand") if change.by_hand else change.author.name


def _address(topic: str) -> str:
    return f"{HERE}/topics/{topic}"
