"""How the peers write conditions."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.peers.rules import Plain


class Python:
    """Python, as one would write it by hand; `f` holds the facts."""

    def every(self, parts: list[str]) -> str:
        return f"({' and '.join(parts)})"

    def some(self, parts: list[str]) -> str:
        return f"({' or '.join(parts)})"

    def opposite(self, part: str) -> str:
        return f"(not {part})"

    def constant(self, truth: bool) -> str:
        return str(truth)

    def flag(self, name: str) -> str:
        return f"f[{name!r}]"

    def compare(self, name: str, sign: str, other: Plain | None, other_name: str) -> str:
        return f"(f[{name!r}] {sign} {self.flag(other_name) if other_name else repr(other)})"

    def one_of(self, name: str, values: list[Plain]) -> str:
        return f"(f[{name!r}] in {tuple(values)!r})"

    def has_any(self, name: str, codes: list[str]) -> str:
        return self.some([f"({code!r} in f[{name!r}])" for code in codes])

    def has_all(self, name: str, codes: list[str]) -> str:
        return self.every([f"({code!r} in f[{name!r}])" for code in codes])

    def within(self, name: str, codes: list[str]) -> str:
        return f"(f[{name!r}] and all(code in {tuple(codes)!r} for code in f[{name!r}]))"


class _Signs:
    """What CEL and Cedar share: && || ! and double quotes."""

    facts = "f"

    def every(self, parts: list[str]) -> str:
        return f"({' && '.join(parts)})"

    def some(self, parts: list[str]) -> str:
        return f"({' || '.join(parts)})"

    def opposite(self, part: str) -> str:
        return f"!{part}"

    def constant(self, truth: bool) -> str:
        return json.dumps(truth)

    def flag(self, name: str) -> str:
        return f"{self.facts}.{name}"

    def compare(self, name: str, sign: str, other: Plain | None, other_name: str) -> str:
        return f"({self.flag(name)} {sign} {self.flag(other_name) if other_name else json.dumps(other)})"


class Cel(_Signs):
    """The Common Expression Language."""

    def one_of(self, name: str, values: list[Plain]) -> str:
        return f"({self.flag(name)} in {json.dumps(values)})"

    def has_any(self, name: str, codes: list[str]) -> str:
        return self.some([f"({json.dumps(code)} in {self.flag(name)})" for code in codes])

    def has_all(self, name: str, codes: list[str]) -> str:
        return self.every([f"({json.dumps(code)} in {self.flag(name)})" for code in codes])

    def within(self, name: str, codes: list[str]) -> str:
        return f"(size({self.flag(name)}) > 0 && {self.flag(name)}.all(c, c in {json.dumps(codes)}))"


class Cedar(_Signs):
    """Cedar; the facts are the context."""

    facts = "context"

    def one_of(self, name: str, values: list[Plain]) -> str:
        return f"({json.dumps(values)}.contains({self.flag(name)}))"

    def has_any(self, name: str, codes: list[str]) -> str:
        return f"({self.flag(name)}.containsAny({json.dumps(codes)}))"

    def has_all(self, name: str, codes: list[str]) -> str:
        return f"({self.flag(name)}.containsAll({json.dumps(codes)}))"

    def within(self, name: str, codes: list[str]) -> str:
        return f"(!({self.flag(name)}.isEmpty()) && {json.dumps(codes)}.containsAll({self.flag(name)}))"


class Zen:
    """ZEN's expression language."""

    def every(self, parts: list[str]) -> str:
        return f"({' and '.join(parts)})"

    def some(self, parts: list[str]) -> str:
        return f"({' or '.join(parts)})"

    def opposite(self, part: str) -> str:
        return f"(not {part})"

    def constant(self, truth: bool) -> str:
        return json.dumps(truth)

    def flag(self, name: str) -> str:
        return f"f.{name}"

    def compare(self, name: str, sign: str, other: Plain | None, other_name: str) -> str:
        return f"(f.{name} {sign} {self.flag(other_name) if other_name else json.dumps(other)})"

    def one_of(self, name: str, values: list[Plain]) -> str:
        return f"(f.{name} in {json.dumps(values)})"

    def has_any(self, name: str, codes: list[str]) -> str:
        return self.some([f"contains(f.{name}, {json.dumps(code)})" for code in codes])

    def has_all(self, name: str, codes: list[str]) -> str:
        return self.every([f"contains(f.{name}, {json.dumps(code)})" for code in codes])

    def within(self, name: str, codes: list[str]) -> str:
        return f"(len(f.{name}) > 0 and all(f.{name}, # in {json.dumps(codes)}))"


class JsonLogic:
    """JsonLogic, which is JSON."""

    def every(self, parts: list[Any]) -> Any:
        return {"and": parts}

    def some(self, parts: list[Any]) -> Any:
        return {"or": parts}

    def opposite(self, part: Any) -> Any:
        return {"!": [part]}

    def constant(self, truth: bool) -> Any:
        return truth

    def flag(self, name: str) -> Any:
        return {"var": name}

    def compare(self, name: str, sign: str, other: Plain | None, other_name: str) -> Any:
        return {sign: [self.flag(name), self.flag(other_name) if other_name else other]}

    def one_of(self, name: str, values: list[Plain]) -> Any:
        return {"in": [self.flag(name), values]}

    def has_any(self, name: str, codes: list[str]) -> Any:
        return self.some([{"in": [code, self.flag(name)]} for code in codes])

    def has_all(self, name: str, codes: list[str]) -> Any:
        return self.every([{"in": [code, self.flag(name)]} for code in codes])

    def within(self, name: str, codes: list[str]) -> Any:
        something = {"some": [self.flag(name), {"in": [{"var": ""}, codes]}]}
        return self.every([something, {"all": [self.flag(name), {"in": [{"var": ""}, codes]}]}])


class Rego:
    """Rego, which has no `or`: each condition becomes rules with names of their own, kept in `rules`."""

    def __init__(self) -> None:
        self.rules: list[str] = []
        self.named: dict[str, str] = {}

    def every(self, parts: list[str]) -> str:
        return self._rule([parts])

    def some(self, parts: list[str]) -> str:
        return self._rule([[part] for part in parts])

    def opposite(self, part: str) -> str:
        return f"not {part}" if not part.startswith("not ") else self._rule([[part]], negated=True)

    def constant(self, truth: bool) -> str:
        return json.dumps(truth)

    def flag(self, name: str) -> str:
        return f"f.{name}"

    def compare(self, name: str, sign: str, other: Plain | None, other_name: str) -> str:
        return self._rule([[f"f.{name} {sign} {self.flag(other_name) if other_name else json.dumps(other)}"]])

    def one_of(self, name: str, values: list[Plain]) -> str:
        return self._rule([[f"f.{name} in {_set(values)}"]])

    def has_any(self, name: str, codes: list[str]) -> str:
        return self._rule([[f"{json.dumps(code)} in f.{name}"] for code in codes])

    def has_all(self, name: str, codes: list[str]) -> str:
        return self._rule([[f"{json.dumps(code)} in f.{name}" for code in codes]])

    def within(self, name: str, codes: list[str]) -> str:
        return self._rule([[f"count(f.{name}) > 0", f"every code in f.{name} {{ code in {_set(codes)} }}"]])

    def _rule(self, bodies: list[list[str]], *, negated: bool = False) -> str:
        key = json.dumps([bodies, negated])
        if key not in self.named:
            name = self.named[key] = f"r{len(self.named)}(f)"
            for body in bodies:
                self.rules.append(f"{name} if {{\n" + "".join(f"    {line}\n" for line in body) + "}\n")
        return f"not {self.named[key]}" if negated else self.named[key]


def _set(values: list[Any]) -> str:
    return "{" + ", ".join(map(json.dumps, values)) + "}"
