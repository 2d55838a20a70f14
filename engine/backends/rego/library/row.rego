# METADATA
# title: One row under every framework
# description: >-
#   The input is a row's facts as `assent.facts` prepares them. What is found of rules is kept by their ids, of
#   frameworks by their names. A basis that is not in force on the day has no place there.
package assent.row

import data.assent.kleene

# METADATA
# title: What a row comes to
# description: >-
#   The findings in the order of the policies; what goes on with the data to later rows; facts that hold though they
#   exclude one another, and whether some still might.
result := {
	"findings": findings,
	"leaves": {
		"received_under": _added(input.data.received_under, [[basis.id, truth] | some [basis, truth] in _opened]),
		"restrictions": _added(
			input.data.restrictions,
			[[code, truth] | some [basis, truth] in _opened; some code in basis.attaches],
		),
	},
	"excluded": [labels |
		some group in data.assent.exclusive.groups
		labels := [label | some [label, truth, _] in group; truth == "true"]
		count(labels) > 1
	],
	"limited": count([group | some group in data.assent.exclusive.groups; _may_clash(group)]) > 0,
} if {
	findings := [_finding(law) | some law in _laws]
	count(findings) == count(_laws) # nothing that could not be decided is passed over
}

# More than one may hold that cannot surely give way: no choice of unknown facts is known that leaves at most one.
_may_clash(group) if {
	count([label |
		some [label, truth, gives_way] in group
		truth != "false"
		not _yields(truth, gives_way)
	]) > 1
}

_yields("unknown", true)

# A set with codes that are put into it where something is true.
_added(codes, sources) := {"has": has, "may": may - has} if {
	has := codes.has | {code | some [code, truth] in sources; truth == "true"}
	may := codes.may | {code | some [code, truth] in sources; truth == "unknown"}
}

# Frameworks -----------------------------------------------------------------------------------------------------------

# In force, and of no other deployment.
_laws := [law |
	some law in data.assent.frameworks
	law.house in [null, input.house]
	data.assent.law[law.name].in_force
]

_applies := {law.name: data.assent.law[law.name].applies | some law in _laws}

_engaged := [law | some law in _laws; _applies[law.name] != "false"]

_bars := {bar.id: truth |
	some law in _engaged
	some bar in law.bars
	truth := data.assent.law[law.name].bars[bar.name]
}

# That no bar holds, and that nothing owed under the whole framework was refused or is lacking.
_free := {law.name: truth |
	some law in _engaged
	bars := [_bars[bar.id] | some bar in law.bars]
	count(bars) == count(law.bars)
	truth := kleene.all_of([kleene.negation(kleene.any_of(bars)), _unblocked(law)])
}

_finding(law) := {
	"disclosure": input.row.id,
	"framework": law.name,
	"outcome": outcome,
	"applies": _applies[law.name],
	"basis": _id(relied_on),
	"bases": [basis.id | some basis in _bases[law.name]; _permits[basis.id] == "true"],
	"maybe": [basis.id | some basis in _bases[law.name]; _permits[basis.id] == "unknown"],
	"bars": [bar.id | some bar in law.bars; _bars[bar.id] == "true"],
	"maybe_bars": [bar.id | some bar in law.bars; _bars[bar.id] == "unknown"],
	"failed": [failed | outcome != "allow"; some failed in _failed(law)],
	"clauses": _once([duty.key | some duty in duties; duty.kind == "clause"]),
	"outstanding": [duty.key | some duty in _outstanding(duties); duty.kind != "clause"],
} if {
	_applies[law.name] != "false"
	permits := kleene.any_of([_permits[basis.id] | some basis in _bases[law.name]])
	permitted := kleene.any_of([kleene.negation(_applies[law.name]), kleene.all_of([_free[law.name], permits])])
	outcome := {"true": "allow", "false": "deny", "unknown": "undetermined"}[permitted]
	relied_on := _relied_on(law, outcome)
	duties := array.concat([duty | some basis in relied_on; some duty in _demanded(law, basis)], _required(law))
} else := {
	"disclosure": input.row.id,
	"framework": law.name,
	"outcome": "not_applicable",
	"applies": "false",
} if {
	_applies[law.name] == "false"
}

# What stands against a finding: the bars that hold, the conditions by which bases fail, and what was refused or lacks.
_failed(law) := [failed | some part in parts; some failed in part] if {
	parts := array.concat(
		[[bar.id | some bar in law.bars; _bars[bar.id] == "true"], _obstacles(law.applies, _required(law))],
		[_against(law, basis) | some basis in _bases[law.name]; _permits[basis.id] == "false"],
	)
}

_against(law, basis) := [sprintf("%s: %s", [basis.id, label]) |
	some [label, truth] in _conditions[basis.id]
	truth == "false"
] if {
	_holds[basis.id] == "false"
} else := _obstacles(basis.id, _demanded(law, basis))

_obstacles(rule, demands) := _once([sprintf("%s: %s", [rule, demand.name]) |
	some demand in demands
	demand.owed == "true"
	demand.key in _blocking
])

_once(items) := [item | some i, item in items; not item in array.slice(items, 0, i)]

_id([]) := null

_id([basis]) := basis.id

# Bases ----------------------------------------------------------------------------------------------------------------

_conditions := {basis.id: conditions |
	some law in _engaged
	some basis in law.bases
	conditions := data.assent.law[law.name].bases[basis.name]
}

# In force, in the order of the policies.
_bases := {law.name: [basis | some basis in law.bases; _conditions[basis.id]] | some law in _engaged}

_holds := {id: kleene.all_of([truth | some [_, truth] in conditions]) | some id, conditions in _conditions}

_permits := {basis.id: truth |
	some law in _engaged
	some basis in _bases[law.name]
	truth := kleene.all_of([_holds[basis.id], _unblocked_under(law, basis)])
}

_claims := {id | some id in object.get(input.row, "claims", [])}

# The bases that open the disclosure, or may: those claimed, and the others where none of these permits.
_opened := [[basis, truth] |
	some law in _engaged
	claimed := kleene.any_of([_permits[basis.id] | some basis in _bases[law.name]; basis.id in _claims])
	some basis in _bases[law.name]
	_permits[basis.id] != "false"
	chosen := {true: "true", false: kleene.negation(claimed)}[basis.id in _claims]
	truth := kleene.all_of([_applies[law.name], _free[law.name], _permits[basis.id], chosen])
]

# The basis to rely on, in a list of at most one: of those that permit (or else may) a claimed one, then the one that
# leaves least to do.
_relied_on(_, "deny") := []

_relied_on(law, outcome) := best if {
	outcome != "deny"
	possible := _first_of([
		[basis | some basis in _bases[law.name]; _permits[basis.id] == "true"],
		[basis | some basis in _bases[law.name]; _permits[basis.id] == "unknown"],
	])
	claimed := [basis | some basis in possible; basis.id in _claims]
	best := _least_to_do(law, _first_of([claimed, possible]))
}

default _first_of(_) := []

_first_of(lists) := [list | some list in lists; list != []][0]

_least_to_do(law, bases) := bases if {
	count(bases) < 2
} else := [bases[i]] if {
	[_, i] := min([[count(_outstanding(_demanded(law, basis))), i] | some i, basis in bases])
}

# Requirements ---------------------------------------------------------------------------------------------------------

_required(law) := [demand | some demand in data.assent.law[law.name].requires; _owed(demand)]

_demanded(law, basis) := [demand |
	some demand in data.assent.law[law.name].basis_requires[basis.name]
	_owed(demand)
]

# Owed, or perhaps owed, on this day; nobody signs an instrument with itself.
_owed(demand) if {
	demand.owed != "false"
	input.as_of >= object.get(demand, "from", "")
	input.as_of <= object.get(demand, "until", "9999-12-31")
	between := object.get(demand, "between", [])
	count({_party(role) | some role in between}) == count(between)
}

_party(role) := party if {
	party := input.row[role]
	party != null
} else := role

# That nothing owed was refused or is lacking.
_unblocked(_) := "true" if count(_blocking) == 0

_unblocked(law) := _none_blocks(_required(law)) if count(_blocking) > 0

_unblocked_under(_, _) := "true" if count(_blocking) == 0

_unblocked_under(law, basis) := _none_blocks(_demanded(law, basis)) if count(_blocking) > 0

_none_blocks(demands) := kleene.negation(kleene.any_of([demand.owed | some demand in demands; demand.key in _blocking]))

_blocking := {key | some key, status in _reports; status in {"refused", "lacking"}}

_outstanding(demands) := [demand | some demand in demands; _status(demand) == "outstanding"]

# What the row says of requirements; where it says two things of one, the later counts.
_reports := object.union_n([{key: status} |
	some [field, status] in [
		["done", "done"],
		["refused", "refused"],
		["contained", "in the agreement"],
		["lacking", "lacking"],
	]
	some key in input.row[field]
])

_status(demand) := _reports[demand.key]

_status(demand) := "outstanding" if {
	not _reports[demand.key]
	_due_now(demand)
}

_status(demand) := "later" if {
	not _reports[demand.key]
	not _due_now(demand)
}

_due_now(demand) if demand.kind == "clause"

_due_now(demand) if demand.due in {"before_agreement", "before_transfer", "before_delivery"}

_due_now(demand) if {
	demand.due == "before_publication"
	input.flow.leg == "publication"
}
