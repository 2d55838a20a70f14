"""The rules as generated Python: one request decided in microseconds, with its proof."""

from engine.backends.generated.decider import Decider, Found, Verdict

__all__ = ["Decider", "Found", "Verdict"]
