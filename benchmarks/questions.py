"""How many questions settle a request: in the order of `assent ask`, and in the order in which the law reads the facts.

Every open fact of a request is given an answer, drawn at random; then one interviewer asks in either order until the
answer is settled, and the questions are counted. Run it with `python -m benchmarks.questions`; the requests are those
under cases/p20win that are undetermined, as far as their files are given.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

from engine.advice.interview import Interview
from engine.advice.questions import NotAnAnswerError, Question, question
from engine.documents import CannotDo
from engine.policies import PolicySet, load_policies

Pick = Callable[[Interview], Question | None]
_MOST = 400


def in_our_order(interview: Interview) -> Question | None:
    """The next question of `assent ask`."""
    return interview.next()


def in_order_of_the_law(interview: Interview) -> Question | None:
    """The fact that can still change the answer and that the law reads first."""
    for fact, reading in interview.decision.answer.matters.items():
        if fact not in interview.put_off and (asked := question(interview.decision, reading)) is not None:
            return asked
    return None


def reply(asked: Question, seed: int) -> str:
    """An answer that depends on the fact and the seed alone, so that both interviewers hear the same."""
    draw = random.Random(f"{seed} {asked.reading.about} {asked.reading.name}")
    if asked.form in ("choice", "several"):
        return draw.choice(asked.choices).answer
    days = ["2020-01-01", "2026-06-01", "2026-12-01", "2030-01-01"]
    kinds = {"date": days, "number": ["0", "6", "10", "11"], "duration": ["1 day", "30 days", "2 years"]}
    return draw.choice([*kinds.get(asked.form, ["Somebody"]), *(choice.answer for choice in asked.choices)])


def questions_needed(policies: PolicySet, file: Path, pick: Pick, seed: int) -> int | None:
    """How many answers settle the request; None where the answers drawn do not."""
    interview = Interview(policies, file.read_text(encoding="utf-8"), str(file), None)
    while (asked := pick(interview)) is not None and len(interview.answers) < _MOST:
        try:
            interview.answer(asked, reply(asked, seed))
        except (NotAnAnswerError, CannotDo):  # it contradicts an earlier one
            interview.skip(asked)
    return len(interview.answers) if interview.decision.outcome != "undetermined" else None


def main(files: list[str], seeds: int = 20) -> None:
    """Print the mean number of questions by request and order, and the ratio."""
    policies = load_policies()
    total = [0, 0]
    for name in files:
        pairs = [
            [questions_needed(policies, Path(name), pick, seed) for pick in (in_our_order, in_order_of_the_law)]
            for seed in range(seeds)
        ]
        settled = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
        sums = [sum(pair[i] for pair in settled) for i in (0, 1)]
        total = [total[0] + sums[0], total[1] + sums[1]]
        means = [count / max(1, len(settled)) for count in sums]
        print(
            f"{name}: {means[0]:.1f} questions, {means[1]:.1f} in order of the law ({len(settled)} of {seeds} settled)"
        )
    print(f"together: {total[0]} against {total[1]}, a ratio of {total[0] / max(1, total[1]):.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
