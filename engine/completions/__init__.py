"""What every completion of the unknown facts would answer, exactly.

Three-valued evaluation is sound but not complete: of `A or not A` it says unknown. Where it does, the formulas that are
still open become clauses over the values that the rules can tell apart, and a satisfiability solver settles them: a
formula is true in every completion if and only if none makes it false.
"""

from engine.completions.formulas import (
    FactKey,
    Formula,
    conjunction,
    disjunction,
    free,
    key_of,
    open_proof,
    opposite,
    proven,
)
from engine.completions.settling import Answer, ContradictionError, Settler

__all__ = [
    "Answer",
    "ContradictionError",
    "FactKey",
    "Formula",
    "Settler",
    "conjunction",
    "disjunction",
    "free",
    "key_of",
    "open_proof",
    "opposite",
    "proven",
]
