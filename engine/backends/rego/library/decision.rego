# METADATA
# title: The decision on a request
# description: >-
#   The input is a request as rows of facts. A row is decided once those are from which its data come, for what they
#   were received under goes on with them; each step decides the rows that the steps before made ready.
package assent

import data.assent.facts
import data.assent.row

# METADATA
# title: The decision
# description: >-
#   `exact` says that no finding was left open; where one was, the exact answer may yet be allow or deny, for unknown
#   facts may hang together. `consistent` says that no facts are left that might exclude one another. Where there are
#   problems, nothing is decided.
# entrypoint: true
decision := {
	"revision": data.assent.revision,
	"problems": problems,
} if {
	problems != set()
} else := {
	"request": input.request,
	"as_of": input.as_of,
	"revision": data.assent.revision,
	"outcome": _outcome,
	"ready": _ready,
	"exact": _exact,
	"consistent": _consistent,
	"disclosures": [disclosure |
		some i, disclosed in input.rows
		disclosure := object.union(_arrives(i, _decided), {"disclosure": disclosed.id})
	],
	"findings": _findings,
}

# METADATA
# title: What keeps the request from being decided
problems contains problem if some problem in _misfits

problems contains problem if {
	count(_misfits) == 0
	some problem in _displaced
}

problems contains problem if {
	_readable
	some i, decided in _decided
	some labels in decided.excluded
	problem := sprintf("rows.%d: the facts %s exclude one another", [i, concat(" and ", labels)])
}

problems contains "rows: data can go through 256 hands at most, and the bundle must be whole" if {
	_readable
	count(_decided) < count(input.rows)
}

_readable if count(_misfits) + count(_displaced) == 0

_misfits := [sprintf("%s: %s", [misfit.field, misfit.desc]) |
	some misfit in json.match_schema(input, data.assent.schema)[1]
]

_displaced := [sprintf("rows.%d.earlier: %d is not the position of an earlier row", [i, earlier]) |
	some i, disclosure in input.rows
	some earlier in object.get(disclosure, "earlier", [])
	not earlier in {j | some j, _ in input.rows; j < i}
]

_findings := [finding | some i, _ in input.rows; some finding in _decided[i].findings]

_outcome := "deny" if {
	some finding in _findings
	finding.outcome == "deny"
} else := "undetermined" if {
	some finding in _findings
	finding.outcome == "undetermined"
} else := "allow"

default _ready := false

_ready if {
	_outcome == "allow"
	count([finding | some finding in _findings; finding.outstanding != []]) == 0
}

default _exact := false

_exact if count([finding | some finding in _findings; finding.outcome == "undetermined"]) == 0

default _consistent := false

_consistent if count([i | some i, decided in _decided; decided.limited]) == 0

# Row by row -----------------------------------------------------------------------------------------------------------

# METADATA
# title: The rows decided
# description: By position. 256 steps are enough for any request whose data go through at most so many hands.
_decided := _steps_64(_steps_64(_steps_64(_steps_64({}))))

_steps_64(decided) := _steps_16(_steps_16(_steps_16(_steps_16(decided))))

_steps_16(decided) := _steps_4(_steps_4(_steps_4(_steps_4(decided))))

_steps_4(decided) := _step(_step(_step(_step(decided))))

_step(decided) := decided if {
	count(decided) == count(input.rows)
} else := object.union(decided, {i: result |
	some i, ready in input.rows
	not decided[i]
	every earlier in object.get(ready, "earlier", []) {
		decided[earlier]
	}
	result := row.result with input as facts.prepared(ready, _arrives(i, decided))
})

# What a row's data were received under, and the restrictions on them.
_arrives(i, decided) := {name: {"has": has, "may": union({s.may | some s in sets}) - has} |
	some name in ["received_under", "restrictions"]
	sets := {decided[earlier].leaves[name] | some earlier in object.get(input.rows[i], "earlier", [])}
	has := union({s.has | some s in sets})
}
