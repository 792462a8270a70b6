"""Several processes and threads write at once: every edit is there at the end, in a commit of its own."""

import subprocess
import sys
import threading

from bot.studio.files import Repository
from bot.studio.files.language import add_example, examples

from .conftest import LI

ROUNDS = 8
WRITER = """
import sys
from pathlib import Path
from bot.studio.files import Author, Repository
from bot.studio.files.language import add_example
root, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
files = Repository(root, code=root)
for number in range(rounds):
    with files.edit(Author(name, name), f"{name} {number}") as draft:
        add_example(draft, "greet", f"{name} 第 {number} 句")
"""


def test_no_edit_is_lost(files: Repository) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(files.root), name, str(ROUNDS)])
        for name in ("one", "two")
    ]
    looked, stop = list[int](), threading.Event()

    def look() -> None:
        while not stop.is_set():
            looked.append(len(examples(files.look(), "greet")))
            stop.wait(0.05)

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for number in range(ROUNDS):
            with files.edit(LI, f"here {number}") as draft:
                add_example(draft, "greet", f"here 第 {number} 句")
        assert [process.wait(60) for process in started] == [0, 0]
    finally:
        stop.set()
        reader.join()
    said = {each.text for each in examples(files.look(), "greet")}
    assert said >= {f"{name} 第 {n} 句" for name in ("one", "two", "here") for n in range(ROUNDS)}
    summaries = [each.summary for each in files.history(limit=100)]
    assert len(summaries) == 3 * ROUNDS + 1 == len(set(summaries))
    assert not any(each.by_hand for each in files.history(limit=100)[:-1])
    assert looked == sorted(looked)
