"""A running Open Policy Agent server that decides requests by the bundle."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from engine.backends.rego.answers import Answer
from engine.documents import CannotDo, visible
from engine.rows import Rows

try:
    from opa_client.opa import OpaClient
    from requests.exceptions import HTTPError, RequestException, Timeout
except ModuleNotFoundError:
    raise CannotDo(
        'this needs the client of the Open Policy Agent, which is not installed\n  help: pip install "assent[opa]"'
    ) from None

TIME_LIMIT = 60
"""Seconds for one answer."""
_LOAD = "load what assent export rego -o DIR writes, as in: opa run --server --bundle DIR"


class Server:
    """The server at an address. Only its scheme, host, port and path are ever shown."""

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in ("http", "https") or not host:
            raise CannotDo("--opa-url is not the address of a server; write it as in http://127.0.0.1:8181")
        self.shown = visible(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
        secure = parts.scheme == "https"
        self.client = OpaClient(host, port or (443 if secure else 80), ssl=secure, retries=0, timeout=TIME_LIMIT)
        root = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        self.client.root_url = f"{root}/{self.client.version}"

    def decide(self, rows: Rows, digest: str) -> Answer | list[str]:
        """What the server answers, or what it says is wrong with the rows.

        Raises `CannotDo` where there is no server, or one that does not decide by the policies of this digest.
        """
        result = self._ask(rows)
        if not isinstance(result, dict):
            raise CannotDo(f"the server at {self.shown} has no decision to give\n  help: {_LOAD}")
        if result.get("revision") != digest:
            theirs, ours = (visible(str(name))[:12] for name in (result.get("revision"), digest))
            message = f"the server at {self.shown} decides by other policies ({theirs}) than these ({ours})"
            raise CannotDo(f"{message}\n  help: {_LOAD}")
        if "problems" in result:
            return [visible(str(problem)) for problem in result["problems"]]
        try:
            return Answer.model_validate(result)
        except ValidationError:
            raise CannotDo(f"what the server at {self.shown} answers is no decision\n  help: {_LOAD}") from None

    def _ask(self, rows: Rows) -> Any:
        try:
            with self.client as client:
                data = rows.model_dump(mode="json", exclude_defaults=True)
                answer = client.query_rule(data, "assent", "decision")
        except Timeout:
            raise CannotDo(f"the server at {self.shown} gave no answer within {TIME_LIMIT} seconds") from None
        except HTTPError as error:
            status = error.response.status_code if error.response is not None else "an error"
            raise CannotDo(f"the server at {self.shown} refuses to decide: it answers with status {status}") from None
        except ValueError:
            raise CannotDo(f"what answers at {self.shown} is no Open Policy Agent server") from None
        except RequestException:
            raise CannotDo(f"no server answers at {self.shown}\n  help: start one; {_LOAD}") from None
        return answer.get("result") if isinstance(answer, dict) else None
