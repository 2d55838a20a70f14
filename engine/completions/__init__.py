"""What every completion of the unknown facts would answer, exactly.

Three-valued evaluation is sound but not complete: of `A or not A` it says unknown. Where it does, the formulas that are
still open become decision diagrams over the values that the rules can tell apart. A formula is true in every completion
if and only if its diagram is the constant true, and a fact can change it if and only if the diagram depends on it.
"""

from engine.completions.formulas import Formula, conjunction, disjunction, opposite, proven
from engine.completions.settling import Answer, ContradictionError, check_consistent, settle

__all__ = [
    "Answer",
    "ContradictionError",
    "Formula",
    "check_consistent",
    "conjunction",
    "disjunction",
    "opposite",
    "proven",
    "settle",
]
