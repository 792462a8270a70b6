"""``python -m tests.dialogues.unpatched_engine [PLACE …] [OPTIONS]``: the engine with these patches, or all.

Of several wordings of an answer it takes the first, so that what two engines say can be compared.
"""

import random
import sys
from collections.abc import Iterable
from itertools import takewhile

from bot.engine import run


def main() -> None:
    places = list(takewhile(lambda argument: not argument.startswith("--"), sys.argv[1:]))
    # As early as Rasa may be imported.
    leave_tensorflow_out = run.leave_out

    def change(components: Iterable[str]) -> bool:
        left_out = leave_tensorflow_out(components)
        keep(places)
        return left_out

    run.leave_out = change
    del sys.argv[1 : 1 + len(places)]
    run.main()


def keep(places: list[str]) -> None:
    from bot.engine import patches

    known = {patch.place for patch in patches.PATCHES}
    if unknown := set(places) - known:
        sys.exit(f"There is no patch of {sorted(unknown)}, but of {sorted(known)}.")
    if places:
        patches.PATCHES = tuple(patch for patch in patches.PATCHES if patch.place in places)
    random.choice = lambda wordings: wordings[0]


if __name__ == "__main__":
    main()
