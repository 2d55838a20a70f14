"""A real server of the Open Policy Agent that tests load with one policy set after the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from opa_client.opa import OpaClient

from engine.backends.rego.bundle import bundle
from engine.backends.rego.server import Server
from engine.policies import PolicySet
from engine.rows import Rows

MANY = """
package many

answers := [answer | some asked in input.requests; answer := data.assent.decision with input as asked]
"""


class Loader:
    """A server into which one bundle after the other is loaded."""

    def __init__(self, url: str) -> None:
        self.server = Server(url)
        self.client = OpaClient("127.0.0.1", int(url.rpartition(":")[2]), timeout=30)
        self.loaded: dict[str, str] = {}

    def load(self, policies: PolicySet) -> Server:
        """The server with these policies. Files of former frameworks stay: decisions ask only those of the data."""
        files = bundle(policies)
        rules = {name: files[name] for name in sorted(files, key=_after_what_it_uses) if name.endswith(".rego")}
        for name, text in {**rules, "many.rego": MANY}.items():
            if self.loaded.get(name) != text:
                assert self.client.update_policy_from_string(text, name, rego_compat=False)
                self.loaded[name] = text
        self.client.update_or_create_data(json.loads(files["data.json"])["assent"], "assent")
        return self.server

    def decide(self, policies: PolicySet, asked: Sequence[Rows]) -> list[Any]:
        """What the bundle answers on many requests, asked at once."""
        self.load(policies)
        requests = [rows.model_dump(mode="json", exclude_defaults=True) for rows in asked]
        return list(self.client.query_rule({"requests": requests}, "many", "answers")["result"])


def _after_what_it_uses(name: str) -> int:
    order = ("library/kleene.rego", "library/tests.rego", "library/facts.rego", "library/row.rego")
    return order.index(name) if name in order else len(order)
