"""A request as rows of facts: what columns, Rego, generated Python and other engines decide by.

`rows` turns a request into one row for each disclosure, earlier ones first. A row holds everything that rules in any
framework read of the disclosure, but for what other rows decide; so an engine that has the rules and the rows needs
neither the request nor its graph. As JSON::

    {"request": "r01", "as_of": "2026-11-23", "deployment": "p20win",
     "rows": [{"id": "sde-to-hub/graduates", "flow": "sde-to-hub", "dataset": "graduates", "source": "graduates",
               "provider": "SDE", "sender": "SDE", "receiver": "DOL", "hub": "DOL",
               "earlier": [],
               "facts": {"receiver.kind": "state_agency", "data.categories": ["education_record"], ...},
               "may": {"data.categories": ["student_loan_record"]},
               "not_known": ["request.ethics"], "does_not_apply": ["receiver.ferpa_debarred_until"],
               "about": {"data.contains_ssn": "dataset linked"},
               "papers": [{"about": "papers of SDE and DOL on flow sde-to-hub", "has": ["ferpa_designation"],
                           "reported": ["ferpa_designation"]}],
               "done": ["ferpa.step.record by provider"], "refused": [], "contained": [], "lacking": [],
               "claims": ["ferpa.basis.audit-evaluation"]}]}

**A fact** has a value (`facts`), was asked and is not known (`not_known`), does not apply (`does_not_apply`), or, named
in none of the three, was not asked. The second and the last are unknown: a test of the fact is then unknown, never
false. A fact that does not apply fails every test; of a set, it is the empty set. Values are JSON's: a code is its
name, a set of codes a list, a day `2026-11-23`, a length of time an amount of `hours`, `business days` or `months`
(lengths of different units compare as false). Of a set in `facts`, `may` lists what may be in it besides.

**The same fact** may be read in several rows and roles: `about` names what it is about, where that is not the party,
flow or source that its name says (`about` and `Row.subject` below). Two readings of one key about one thing have one
value, whichever it is; only an engine that settles unknown answers exactly needs to know.

**What other rows decide** is no fact of a row. `data.received_under` has every basis that opened an earlier row, and
`data.restrictions` what those bases attach, a row's `earlier` being the rows (by position, all before it) from which
they come, and from whose own `earlier` they come on. A basis opens a disclosure if its framework applies, no bar of it
holds, nothing that blocks is owed, and the basis permits; but if a claimed basis of the framework permits, those not
claimed open nothing. Where the answer is unknown, the code may be in the set. `flow.instruments` is the union of the
`papers`: a code is in it if some paper `has` it, may be in it if some paper does not list it in `reported`.

**Requirements** stand under their `requirement_key`: those `done` or `refused` (instruments and steps), those
`contained` in a paper or `lacking` from one (clauses). All others are open: outstanding if due before the agreement,
the transfer or delivery (or before publication where `flow.leg` is `publication`), else for later; a clause is always
outstanding. An instrument between two roles that one party holds is not owed at all. What is refused or lacking blocks.

**Claims** are the bases that the parties claim for this disclosure.
"""

from engine.rows.deciding import Leg, decide_rows
from engine.rows.making import RowMaker, rows
from engine.rows.model import PaperRow, Row, Rows, ends, facts_read, requirement_key, requirements
from engine.rows.reading import read_rows, value_of

__all__ = [
    "Leg",
    "PaperRow",
    "Row",
    "RowMaker",
    "Rows",
    "decide_rows",
    "ends",
    "facts_read",
    "read_rows",
    "requirement_key",
    "requirements",
    "rows",
    "value_of",
]
