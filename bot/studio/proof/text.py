"""A comparison as the terminal shows it."""

from bot.studio.files import Change

from .causes import Causes, Reading
from .models import Comparison
from .rules import Verdict, points

CHANGES = 15
UNKNOWN = {
    "same": "none: both models are of the same data",
    "no_current": "not known: of which data the present model is, was not noted in this repository",
    "no_candidate": "not known: of which data the candidate is, was not noted in this repository",
    "unreadable": "the history cannot be read now",
}


def table(found: Comparison, verdict: Verdict, why: Causes | None = None) -> str:
    """The verdict, its reasons, what has changed most, and what may have caused it."""
    lines = [f"{found.candidate} beside {found.current}: {'passes' if verdict.passed else 'FAILS'}"]
    lines += [f"  - {reason}" for reason in verdict.reasons]
    report = found.report
    if not report:
        return "\n".join(lines)
    cases, dialogues, replay = report["cases"], report["dialogues"], report["replay"]
    now, then = cases["current"], cases["candidate"]
    lines += [
        "",
        f"cases      {cases['n']}: right {now['right']} → {then['right']}, answered"
        f" {now['answered']:.1%} → {then['answered']:.1%}, wrongly"
        f" {now['wrong_answered']:.1%} → {then['wrong_answered']:.1%} of it",
        f"dialogues  {dialogues['played']} played, {len(dialogues['broken'])} broken,"
        f" {len(dialogues['failed_before'])} failing with both",
        f"replay     {replay['turns']} messages of {replay['days']} days, {replay['texts']} different,"
        f" {len(replay['changed'])} come to something else",
    ]
    changed = [each for each in cases["intents"] if each["current"] != each["candidate"]]
    if changed:
        lines += ["", f"{'intent':26} {'cases':>5} {'right':>11} {'points':>7} {'F1':>13}"]
    for each in sorted(changed, key=points)[:CHANGES]:
        before, after = each["current"], each["candidate"]
        right = f"{before['right']} → {after['right']}"
        f1 = f"{before['f1']:.2f} → {after['f1']:.2f}"
        lines.append(f"{each['intent']:26} {each['cases']:>5} {right:>11} {points(each):>+7.1f} {f1:>13}")
    if why:
        lines += ["", causes(why)]
    return "\n".join(lines)


def causes(why: Causes) -> str:
    """The changes between the two models, and what each broken dialogue reads otherwise."""
    between = why.between
    lines = [f"changes    {UNKNOWN[between.state]}"] if between.state != "known" else []
    if between.state == "known":
        lines.append("changes that the candidate lacks:" if between.backwards else "changes since:")
        lines += [f"  {_told(each)}" for each in between.changes]
        lines += ["  and more: bot studio history"] if between.more else []
    for id, readings in why.readings.items():
        lines += ["", f"{id}:"]
        lines += [line for each in readings for line in _reading(each)]
        lines += [] if readings else ["  each message is read as before: see rules, stories and words"]
    return "\n".join(lines)


def _reading(read: Reading) -> list[str]:
    before, after = (
        f"{each['kind']} {each['reading']} {each['confidence']:.0%}" for each in (read.before, read.after)
    )
    lines = [f"  turn {read.turn}: {_one_line(read.text)}", f"    {before} → {after}"]
    lines += [
        f"    likely cause: {_told(cause.change)}, {cause.how} {cause.count} of {cause.reading}"
        for cause in read.causes
    ]
    ways = [f"add the message to the examples of {read.right}"] if read.right else []
    ways += [f"bot studio revert {read.causes[0].change.id[:10]}"] if read.causes else []
    return lines + ([f"    what to do: {', or '.join(ways)}"] if ways else [])


def _told(change: Change) -> str:
    when = f"{change.at.astimezone():%Y-%m-%d %H:%M}"
    return f"{change.id[:10]}  {when}  {change.author.name}  {change.summary}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
