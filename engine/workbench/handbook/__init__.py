"""The handbook: policies as a static site that counsel read without training, from any folder, without a server."""

from engine.workbench.handbook.examples import Example, read_examples
from engine.workbench.handbook.pages import handbook

__all__ = ["Example", "handbook", "read_examples"]
