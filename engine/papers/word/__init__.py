"""A paper as a Word document: real styles, lists, footnotes and fields, blanks and clauses as content controls.

A clause is found again after editing by `tag` (its content control) or, where a program kept no content controls, by
`bookmark`.
"""

from engine.papers.word.body import write
from engine.papers.word.xml import bookmark, tag

__all__ = ["bookmark", "tag", "write"]
