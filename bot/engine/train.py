"""``python -m bot.engine.train``: train the model of the files as they are, unless it is there."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import hashlib
import io
import logging
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from bot import data_faults, live_model, model_sidecar
from bot.data_check import problems, rows
from bot.engine.environment import log_from, prepare
from bot.engine.fingerprint import ROOT, checksum, current_model, model_path
from bot.engine.progress import Progress, Reporter
from bot.model_sidecar import Sidecar


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.engine.train", description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="folder of config.yml, domain.yml and data/")
    parser.add_argument("--out", type=Path, default=ROOT / "models", help="folder for the model")
    parser.add_argument("--scratch", type=Path, help="folder for what is made on the way; default: OUT")
    parser.add_argument("--commit", help="of the data, to be noted beside the model; default: git's, if any")
    parser.add_argument("--by", help="who wants it, to be noted beside the model")
    parser.add_argument("--force", action="store_true", help="train although the model is there")
    parser.add_argument(
        "--progress",
        action="store_true",
        help="tell each second, as lines of JSON on standard output: step, share (0 to 1, null: unknown), "
        "seconds_left; at the end model and trained, or failed, kind and faults. What people read goes to "
        "standard error. Ends with its reader.",
    )
    options = parser.parse_args()
    root, out = options.root.resolve(), options.out.resolve()
    reporter = None
    if options.progress:
        # Where nobody reads any more, the next line ends this process.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        reporter = Reporter(sys.stdout, _newest_steps(out))
        sys.stdout = sys.stderr

    current = current_model(out, root)
    if current and not options.force:
        print(f"Model is current: {current}")
        _tell_of_another(current)
        _report(reporter, model=str(current), trained=False)
        return 0
    # This process ends soon; to look for cycles among millions of tokens takes seconds.
    gc.disable()
    print("Training a model of the files as they are:")
    about = Sidecar(commit=options.commit or committed(root), by=options.by)
    try:
        path = train(
            model_path(out, root), root, ROOT, scratch=options.scratch, about=about, reporter=reporter
        )
    except TrainingFailed as failed:
        print(failed, file=sys.stderr)
        faults = [*map(data_faults.kept, failed.faults)]
        _report(reporter, failed=str(failed), kind=failed.kind, faults=faults)
        print("There is no new model: correct the above and train again (`make train`).", file=sys.stderr)
        return 1
    print(f"Trained in {model_sidecar.read(path).training_seconds} s: {path}")
    _tell_of_another(path)
    _report(reporter, model=str(path), trained=True)
    return 0


def committed(root: Path) -> str | None:
    """The commit that the data under ``root`` is as; None where it was changed since, or there is no git."""

    def git(*asked: str) -> str:
        command = ["git", "-C", str(root), *asked]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout  # noqa: S603

    try:
        changed = git("status", "--porcelain", "--", "config.yml", "domain.yml", "data")
        return None if changed else git("rev-parse", "--verify", "HEAD").strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _tell_of_another(model: Path) -> None:
    """Say which model serves where another than this one was promoted."""
    with contextlib.suppress(live_model.Unreadable):
        live = live_model.read(model.parent)
        if live and (serves := live.model(live.live)) != model.name:
            print(f"{serves} was promoted and goes on serving until `bot studio promote {model.name}`.")


class TrainingFailed(Exception):
    """There is no new model; the text says why, one fault to a line.

    ``kind``: "data" is what was to be trained, "disk" is full. ``faults``: what the data check found.
    """

    def __init__(self, why: str, kind: str = "data", faults: list[str] | None = None) -> None:
        super().__init__(why)
        self.kind, self.faults = kind, faults or []


def train(
    target: Path,
    root: Path = ROOT,
    code: Path | None = None,
    *,
    scratch: Path | None = None,
    about: Sidecar | None = None,
    reporter: Reporter | None = None,
) -> Path:
    """Train with the files under ``root`` and put the model at ``target``, whole or not at all.

    Args:
        code: where actions/ and bot/ lie, if not under ``root``.
        scratch: a folder on the target's disk for what is made on the way.
        about: what the sidecar shall say besides what is known here.
        reporter: is told what goes on.

    Raises:
        TrainingFailed: the data, the configuration or the disk is at fault.
    """
    with Progress(reporter) as say:
        say("checking the data")
        if found := problems(root, code):
            raise TrainingFailed("\n".join(found), faults=found)
        held = rows(root)
        say("loading Rasa")
        prepare()
        target = target.resolve()
        beside = (scratch or target.parent).resolve()
        os.chdir(root)  # config.yml names the dictionaries from there
        from rasa.engine.exceptions import GraphComponentException
        from rasa.shared.exceptions import RasaException

        from bot.engine.graph import fit

        log_from(logging.ERROR)
        said = io.StringIO()
        try:
            for folder in (target.parent, beside):
                folder.mkdir(parents=True, exist_ok=True)
            # On the target's disk, so that the last step is a rename.
            with (
                tempfile.TemporaryDirectory(dir=beside, prefix=".training-") as made,
                contextlib.redirect_stdout(said),
            ):
                archive = Path(made) / target.name
                fit(archive, say)
                say.end()
                sidecar = replace(
                    about or Sidecar(),
                    training_seconds=round(say.seconds),
                    steps=say.steps,
                    trained_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                    sha256=_settled(archive),
                    rows=held,
                    requirements=checksum([ROOT / "requirements/engine.txt"], ROOT),
                )
                model_sidecar.write(target, sidecar)
                os.replace(archive, target)
        except (RasaException, GraphComponentException, ImportError, OSError, ValueError) as error:
            # A component's own fault is the cause of Rasa's.
            why = " ".join(str(each) for each in (error, error.__cause__) if each)
            kind = "disk" if _is_full(error) else "data"
            raise TrainingFailed(_one_sentence(why or type(error).__name__), kind) from error
        except SystemExit as stop:
            raise TrainingFailed(_one_sentence(said.getvalue())) from stop
    return target


def _settled(archive: Path) -> str:
    """Make the archive read-only and sure to survive a power cut; its SHA-256 in hex."""
    digest = hashlib.sha256()
    with archive.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
        os.fsync(file.fileno())
    archive.chmod(0o444)
    return digest.hexdigest()


def _is_full(error: BaseException | None) -> bool:
    while error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _newest_steps(models: Path) -> dict[str, float]:
    """What each step took in the last training that noted it."""
    trained = sorted(models.glob("guitai-*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    return next((steps for path in trained if (steps := model_sidecar.read(path).steps)), {})


def _report(reporter: Reporter | None, **facts: object) -> None:
    if reporter:
        reporter.tell(**facts)


def _one_sentence(text: str) -> str:
    text = " ".join(re.sub(r"\x1b\[\d*m", "", text).split())
    return text if len(text) <= 400 else text[:399] + "…"


if __name__ == "__main__":
    sys.exit(main())
