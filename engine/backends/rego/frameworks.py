"""A framework as a file of Rego: one rule for each rule of the policy file, under the same name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.backends.exclusions import ways_out
from engine.backends.rego.conditions import Writer
from engine.backends.rego.text import annotation, listed, member, quoted, rule
from engine.conditions import Condition
from engine.facts import Vocabulary
from engine.policies import Framework, Owed, PolicySet, Rule
from engine.policies.models import InForce
from engine.rows import ends, requirement_key

_IMPORTS = "import data.assent.kleene\nimport data.assent.tests"


def framework_file(framework: Framework, vocabulary: Vocabulary) -> str:
    """The file of one framework."""
    writer = Writer(vocabulary)
    rules = list(_rules(framework, writer))
    rules += _definitions(framework, writer)
    head = annotation(
        framework.title,
        framework.authority,
        {"framework": framework.framework, "in_force": _dates(framework.in_force), "note": framework.note},
    )
    return _file(f"{head}\npackage assent.law{member(framework.framework)}", rules)


def exclusions_file(policies: PolicySet) -> str:
    """The file of the facts that exclude one another: of each its label, its truth, and whether it can give way."""
    writer = Writer(policies.vocabulary)
    written = [
        listed(writer.labelled(condition, writer.gives_way(way)) for condition, way in zip(group, ways, strict=True))
        for group, ways in zip(policies.exclusive, ways_out(policies), strict=True)
    ]
    rules = [rule("groups", listed(written))]
    rules += [rule(f"definitions[{quoted(n)}]", writer.expression(c)) for n, c in _all_definitions(writer)]
    head = annotation("Facts that exclude one another", "Of each group at most one is true.", {})
    return _file(f"{head}\npackage assent.exclusive", rules)


def _file(package: str, rules: Iterable[str]) -> str:
    body = "\n\n".join(rules)
    imports = [line for line in _IMPORTS.splitlines() if f"{line.rpartition('.')[2]}." in body]
    return "\n\n".join([package, *(["\n".join(imports)] if imports else []), body]) + "\n"


def _rules(framework: Framework, writer: Writer) -> Iterator[str]:
    yield "default in_force := false"
    conditions = _on([framework.in_force])
    yield rule("in_force", "true", conditions)
    applies = framework.applies
    yield from _always(applies, "applies", writer.expression(applies.when))
    for key, bar in framework.bars.items():
        yield from _always(bar, f"bars[{quoted(key)}]", writer.expression(bar.when))
    for key, basis in framework.bases.items():
        yield _written(basis, f"bases[{quoted(key)}]", writer.named(basis.when), basis.title)
        if owed := framework.owed(key):
            yield rule(f"basis_requires[{quoted(key)}]", _demands(owed, writer))
    if owed := framework.owed():
        yield rule("requires", _demands(owed, writer))


def _always(law: Rule, name: str, value: str) -> Iterator[str]:
    """A rule that has a value on every day, and is false when it is not in force: without one nothing is decided."""
    yield _written(law, name, value, law.says)
    for before, day in (("<", law.in_force.from_), (">", law.in_force.until)):
        if day is not None:
            yield rule(name, quoted("false"), [f"input.as_of {before} {quoted(day.isoformat())}"])


def _written(law: Rule, name: str, value: str, title: str) -> str:
    """A rule of the law under its annotation; on days on which it is not in force it has no value."""
    custom = {
        "id": law.id,
        "cite": law.cite,
        "checked": law.checked,
        "in_force": _dates(law.in_force),
        "note": law.note,
        "attaches": list(getattr(law, "attaches", ())),
    }
    said = annotation(title, law.says if law.says != title else "", custom)
    return f"{said}\n{rule(name, value, _on([law.in_force]))}"


def _definitions(framework: Framework, writer: Writer) -> Iterator[str]:
    """The definitions that rules use, and those that they use in turn."""
    for name, condition in _all_definitions(writer):
        custom = {"cite": condition.cite, "checked": condition.checked}
        yield f"{annotation(name, condition.says, custom)}\n" + rule(
            f"definitions[{quoted(name)}]", writer.expression(condition)
        )


def _all_definitions(writer: Writer) -> Iterator[tuple[str, Condition]]:
    done: set[str] = set()
    while pending := [name for name in writer.definitions if name not in done]:
        for name in pending:
            done.add(name)
            yield name, writer.definitions[name]


def _demands(owed: Iterable[Owed], writer: Writer) -> str:
    """What a rule demands, each with whether it is owed."""
    return listed(_demand(item, writer) for item in owed)


def _demand(owed: Owed, writer: Writer) -> str:
    known: dict[str, Any] = {"kind": owed.kind, "name": owed.name, "key": requirement_key(owed)}
    if owed.kind != "clause":
        known["due"] = owed.due
    if owed.kind == "instrument":
        known["between"] = ends(owed)
    starts = [span.from_ for span in owed.in_force if span.from_]
    stops = [span.until for span in owed.in_force if span.until]
    known |= {"from": max(starts).isoformat()} if starts else {}
    known |= {"until": min(stops).isoformat()} if stops else {}
    items = [f"{quoted(key)}: {quoted(value)}" for key, value in known.items()]
    return listed([*items, f'"owed": {writer.expression(owed.when)}'], "{}")


def _dates(span: InForce) -> dict[str, str]:
    days = {"from": span.from_, "until": span.until}
    return {key: day.isoformat() for key, day in days.items() if day}


def _on(spans: Iterable[InForce]) -> list[str]:
    """That the day of the decision is in all of some spans."""
    found = []
    for span in spans:
        found += [f"input.as_of >= {quoted(span.from_.isoformat())}"] if span.from_ else []
        found += [f"input.as_of <= {quoted(span.until.isoformat())}"] if span.until else []
    return found
