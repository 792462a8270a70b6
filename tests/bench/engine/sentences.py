"""What the bench says: distinct sentences that both models read alike, and the answers that are right."""

import itertools
import json
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.engine.evaluation.stock import _thinned
from bot.launcher import ENGINE_PYTHON
from bot.settings import ROOT
from tests.bench.engine.stock import CACHE, EVERY, CannotMeasure

# Answered from the domain, and by actions that ask the shop.
ACTION = ("logistics_track", "order_status")
MEANINGS = {"plain": ("greet", "thanks", "faq/"), "action": ACTION}
BEFORE = (
    "",
    "请问",
    "请问一下",
    "麻烦问下",
    "想问一下",
    "你好，",
    "您好，请问",
    "亲，",
    "客服，",
    "那个，",
    "hello，",
    "在吗？",
)
AFTER = (
    "",
    "呀",
    "呢",
    "啊",
    "，谢谢",
    "，麻烦了",
    "，谢谢啦",
    "，辛苦了",
    "，我比较急",
    "，急急急",
    "哈",
    "，感谢",
)
CANDIDATES = 4000
BLOCK = 50


@dataclass(frozen=True)
class Sentence:
    """What is said, and how it is to be read."""

    text: str
    reading: str

    def is_answered(self, replies: list[dict[str, Any]]) -> bool:
        """Whether the replies are the domain's answer, or show the shopper's order or parcel."""
        if self.reading in ACTION:
            return any(reply.get("card") or reply.get("cards") for reply in replies)
        name = f"utter_{self.reading}"
        return any(pattern.fullmatch(r.get("text") or "") for pattern in responses()[name] for r in replies)


class Reader:
    """A process that has loaded a model and reads texts with it."""

    def __init__(self, which: str, model: Path) -> None:
        command = [str(ENGINE_PYTHON), "-m", "tests.bench.engine.parsing", which, str(model)]
        self._log = (CACHE / f"parsing-{which}.log").open("w")
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True
        )

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    def ask(self, texts: list[str]) -> None:
        assert self._process.stdin
        print(json.dumps(texts), file=self._process.stdin, flush=True)

    def readings(self) -> list[tuple[str, float]]:
        """What the last question brings: reading and milliseconds of each text. Raises CannotMeasure."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise CannotMeasure(f"A model cannot be loaded: {self._log.name} says why.")
        return [(reading, milliseconds) for reading, milliseconds in json.loads(line)]


def understood(ours: Path, stock: Path, say: Callable[[str], None]) -> dict[str, list[Sentence]]:
    """``plain`` and ``action`` sentences that both models read as they are meant; kept for the next time."""
    kept = CACHE / f"sentences-{ours.name.split('.')[0]}-{stock.name.split('.')[0]}.json"
    if not kept.is_file():
        say("looking for sentences that both read alike")
        with ExitStack() as running:
            readers = [running.enter_context(Reader(*each)) for each in (("ours", ours), ("stock", stock))]
            found = {}
            for kind, meanings in MEANINGS.items():
                learned = _alike(readers, [each for each in _examples() if each[1].startswith(meanings)])
                say(f"{kind}: {len(learned)} examples are read right by both")
                found[kind] = _alike(readers, _wordings(learned))
                say(f"{kind}: {len(found[kind])} sentences made of them are")
        kept.write_text(json.dumps(found, ensure_ascii=False, indent=0))
    return {kind: [Sentence(*each) for each in found] for kind, found in json.loads(kept.read_text()).items()}


def _alike(readers: list[Reader], meant: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those of the texts that all readers read as meant; they read at once, as nothing is timed here."""
    for reader in readers:
        reader.ask([text for text, _ in meant])
    answers = [reader.readings() for reader in readers]
    return [
        each for each, *read in zip(meant, *answers, strict=True) if all(got == each[1] for got, _ in read)
    ]


def _wordings(examples: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The examples with what people put around them, in a fixed random order."""
    wordings = {
        before + text + after: meant
        for before, (text, meant), after in itertools.product(BEFORE, examples, AFTER)
    }
    shuffled = list(wordings.items())
    random.Random(1).shuffle(shuffled)
    return shuffled[:CANDIDATES]


def _examples() -> Iterator[tuple[str, str]]:
    """Each example of the thinned data, without those that hold a number: it would be nobody's order."""
    intent = ""
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        if "lexicon" in path.parts:
            continue
        for line in _thinned(path.read_text(), EVERY).splitlines():
            if named := re.match(r"- intent: (\S+)", line):
                intent = named[1]
            elif (text := line.removeprefix("    - ")) != line and re.fullmatch(r"[^\d\[\](){}]{2,30}", text):
                yield text.rstrip("？?！!。.～~，, "), intent


@cache
def responses() -> dict[str, list[re.Pattern[str]]]:
    """The domain's answers as patterns in which a variable is any text."""
    yaml = YAML(typ="safe")
    files = [ROOT / "domain.yml", *(ROOT / "data" / "nlu" / "faq").glob("*.yml")]
    texts = {
        name: [each["text"] for each in variations if "text" in each]
        for path in files
        for name, variations in (yaml.load(path).get("responses") or {}).items()
    }
    return {
        name: [re.compile(re.sub(r"\\\{\w+\\\}", ".*", re.escape(text)), re.DOTALL) for text in each]
        for name, each in texts.items()
    }
