"""Rules and stories as a graph: those that begin alike share their beginning."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from grandalf.graphs import Edge, Graph, Vertex
from grandalf.layouts import SugiyamaLayout

from bot.staff.texts import Texts

from .known import Known
from .steps import Named, Step, Story

Kind = Literal["start", "intent", "action", "state", "checkpoint", "other"]
WIDTH, LINE, PADDING = 204, 17, 9
"""Of a node, in pixels of the drawing."""
ALONG, BESIDE, BETWEEN = 30, 14, 26
"""From step to step, between nodes of the same step, and between graphs that have nothing in common."""
MARGIN = 8
SIGNS = 28
"""How many narrow signs a line of a node holds; a Chinese one counts as two."""
MOST = 400
"""Nodes that are drawn."""


@dataclass
class Node:
    """What is said or done once, or where a way begins."""

    kind: Kind
    name: str
    """As the files have it; empty at the beginning."""
    title: str
    """As people call it, or what the bot says; may be the name."""
    notes: tuple[str, ...] = ()
    """What holds from then on: the form, the slots."""
    stories: list[Story] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    """What comes after it, as people call that."""
    lines: list[tuple[str, str]] = field(default_factory=list)
    """What is written in it: class and text of each line."""
    x: float = 0
    y: float = 0
    width: float = WIDTH
    height: float = 0


@dataclass(frozen=True)
class Drawing:
    """Nodes and lines with their places, in pixels."""

    nodes: list[Node]
    arrows: list[str]
    """Each the ``d`` of an SVG path."""
    width: int
    height: int
    cut: bool
    """Whether more nodes were left out."""


def draw(stories: Sequence[Story], known: Known, say: Texts, down: bool = False) -> Drawing:
    """The graph of rules and stories, from left to right, or from above ``down``.

    Args:
        say: the sentences of texts/stories.yml.
    """
    growing = _Growing(known, say)
    for story in stories:
        if len(growing.nodes) >= MOST:
            break
        growing.add(story)
    for node in growing.nodes:
        _write(node, say)
    for a, b in sorted(growing.edges):
        growing.nodes[a].after.append(growing.nodes[b].title or growing.nodes[b].name)
    return _placed(growing, down)


class _Growing:
    """The graph as it grows, story by story."""

    def __init__(self, known: Known, say: Texts) -> None:
        self.nodes: list[Node] = []
        self.edges: set[tuple[int, int]] = set()
        self._known, self._say = known, say
        self._seen: dict[object, int] = {}

    def add(self, story: Story) -> None:
        notes = tuple(note for step in story.condition for note in self._notes(step))
        if story.first_only:
            notes = (self._say("graph_first"), *notes)
        ends: tuple[int, ...] = ()
        if notes or not story.steps or story.steps[0].kind not in ("intent", "or", "checkpoint"):
            ends = (self._node(story, (), Node("start", "", self._say("graph_start"), notes)),)
        for step, held in _turns(story.steps):
            after = tuple(note for each in held for note in self._notes(each))
            branches = step.branches if step.kind == "or" else (step,)
            ends = tuple(
                dict.fromkeys(self._node(story, ends, self._told(branch, after)) for branch in branches)
            )

    def _told(self, step: Step, after: tuple[str, ...]) -> Node:
        known = self._known
        match step.kind:
            case "intent":
                with_entities = tuple(_pair(entity) for entity in step.entities)
                return Node("intent", step.name, known.title(step.name), with_entities + after)
            case "action":
                called = known.called(step.name, self._say.language)
                return Node("action", step.name, called or step.name, after)
            case "bot":
                return Node("action", "", step.name, after)
            case "checkpoint":
                return Node("checkpoint", step.name, self._say("graph_checkpoint"), after)
            case "slots" | "loop":
                return Node("state", "", "", (*self._notes(step), *after))
        return Node("other", "", self._say("graph_other"), after)

    def _notes(self, step: Step) -> tuple[str, ...]:
        if step.kind == "loop":
            return (self._say("graph_loop", name=step.name) if step.name else self._say("graph_no_loop"),)
        return tuple(_pair(slot) for slot in step.slots)

    def _node(self, story: Story, before: tuple[int, ...], node: Node) -> int:
        # A checkpoint is one place, whoever comes to it; all else is what came before it too.
        key: object = (node.kind, node.name, node.notes, node.title)
        if node.kind != "checkpoint":
            key = (frozenset(before), key)
        number = self._seen.get(key)
        if number is None:
            number = self._seen[key] = len(self.nodes)
            self.nodes.append(node)
        self.edges |= {(each, number) for each in before if each != number}
        if story not in self.nodes[number].stories:
            self.nodes[number].stories.append(story)
        return number


def _turns(steps: Sequence[Step]) -> list[tuple[Step, list[Step]]]:
    """What is said and done, each with the slots and forms that hold after it."""
    found: list[tuple[Step, list[Step]]] = []
    for step in steps:
        if found and step.kind in ("slots", "loop") and found[-1][0].kind != "or":
            found[-1][1].append(step)
        else:
            found.append((step, []))
    return found


def _pair(named: Named) -> str:
    return named.name if named.value is None else f"{named.name} = {named.value}"


# ---- what is written in a node ----


def _write(node: Node, say: Texts) -> None:
    written = [("title", line) for line in _wrapped(node.title, 2)] if node.title else []
    if node.name and node.name != node.title:
        written += [("name", line) for line in _wrapped(node.name, 1)]
    written += [("note", line) for note in node.notes for line in _wrapped(note, 1)]
    node.lines = written or [("title", say(f"part_{node.kind}"))]
    node.height = len(node.lines) * LINE + 2 * PADDING


def _wrapped(text: str, most: int) -> list[str]:
    """The text on at most so many lines, each as wide as a node."""
    lines, line, width = list[str](), "", 0
    for sign in " ".join(text.split()):
        wide = 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        if width + wide > SIGNS:
            lines.append(line)
            line, width = "", 0
            if len(lines) == most:
                break
        line, width = line + sign, width + wide
    else:
        return [*lines, line] if line else lines
    lines[-1] = f"{lines[-1][:-1]}…"
    return lines


# ---- where it stands ----


class _View:
    """What the layout knows of a node; it lays out from above."""

    def __init__(self, width: float, height: float) -> None:
        self.w, self.h = width, height
        self.xy = (0.0, 0.0)


class _Bends:
    """The points of a line that passes by other nodes."""

    def __init__(self) -> None:
        self.points: list[tuple[float, float]] = []

    def setpath(self, points: list[tuple[float, float]]) -> None:
        self.points = points


def _placed(growing: _Growing, down: bool) -> Drawing:
    vertices = [Vertex(number) for number in range(len(growing.nodes))]
    for vertex, node in zip(vertices, growing.nodes, strict=True):
        vertex.view = _View(WIDTH, node.height) if down else _View(node.height, WIDTH)
    edges = [Edge(vertices[a], vertices[b]) for a, b in sorted(growing.edges)]
    for edge in edges:
        edge.view = _Bends()
    top, width, arrows = float(MARGIN), 0.0, list[str]()
    # The layout is of one connected graph; they stand below each other in the order of the files.
    for part in sorted(Graph(vertices, edges).C, key=lambda each: min(vertex.data for vertex in each.sV)):
        _lay_out(part)
        nodes = [growing.nodes[vertex.data] for vertex in part.sV]
        for vertex, node in zip(part.sV, nodes, strict=True):
            x, y = vertex.view.xy if down else reversed(vertex.view.xy)
            node.x, node.y = x - WIDTH / 2, y - node.height / 2
        left, above = min(node.x for node in nodes) - MARGIN, min(node.y for node in nodes) - top
        for node in nodes:
            node.x, node.y = node.x - left, node.y - above
        for edge in part.sE:
            a, b = (growing.nodes[vertex.data] for vertex in edge.v)
            inner = edge.view.points[1:-1]
            bends = [(x - left, y - above) for x, y in (inner if down else ((y, x) for x, y in inner))]
            arrows.append(_curve(a, bends, b, down))
        top = max(node.y + node.height for node in nodes) + BETWEEN
        width = max(width, *(node.x + WIDTH for node in nodes))
    height = max(top - BETWEEN, 0) + MARGIN
    return Drawing(growing.nodes, arrows, round(width + MARGIN), round(height), len(growing.nodes) >= MOST)


def _lay_out(part: Any) -> None:
    layout = SugiyamaLayout(part)
    layout.xspace, layout.yspace = BESIDE, ALONG
    first = min(part.sV, key=lambda vertex: vertex.data)
    layout.init_all(roots=[vertex for vertex in part.sV if not vertex.e_in()] or [first])
    layout.draw(3)
    layout.draw_edges()


def _curve(a: Node, bends: Sequence[tuple[float, float]], b: Node, down: bool) -> str:
    """The ``d`` of an SVG path from one node past ``bends`` to another."""
    if down:
        points = [(a.x + WIDTH / 2, a.y + a.height), *bends, (b.x + WIDTH / 2, b.y)]
    else:
        points = [(a.x + WIDTH, a.y + a.height / 2), *bends, (b.x, b.y + b.height / 2)]
    path = f"M{points[0][0]:.0f} {points[0][1]:.0f}"
    for (x, y), (to_x, to_y) in pairwise(points):
        if down:
            middle = (y + to_y) / 2
            path += f"C{x:.0f} {middle:.0f} {to_x:.0f} {middle:.0f} {to_x:.0f} {to_y:.0f}"
        else:
            middle = (x + to_x) / 2
            path += f"C{middle:.0f} {y:.0f} {middle:.0f} {to_y:.0f} {to_x:.0f} {to_y:.0f}"
    return path
