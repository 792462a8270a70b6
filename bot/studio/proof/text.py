"""A comparison as the terminal shows it."""

from .models import Comparison
from .rules import Verdict, points

CHANGES = 15


def table(found: Comparison, verdict: Verdict) -> str:
    """The verdict, its reasons, and what has changed most."""
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
    return "\n".join(lines)
