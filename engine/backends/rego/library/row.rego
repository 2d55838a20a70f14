# METADATA
# title: One row under every framework
# description: >-
#   The input is a row's facts as `assent.facts` prepares them. What is found of rules is kept by their ids, of
#   frameworks by their names; a rule that is not in force on the day has no place there.
package assent.row

import data.assent.kleene

# METADATA
# title: What a row comes to
# description: >-
#   The findings in the order of the policies; what goes on with the data to later rows; facts that hold though they
#   exclude one another, and whether some still might.
result := {
	"findings": [_finding(law) | some law in _laws],
	"leaves": {
		"received_under": _added(input.data.received_under, [[basis.id, truth] | some [basis, truth] in _opened]),
		"restrictions": _added(
			input.data.restrictions,
			[[code, truth] | some [basis, truth] in _opened; some code in basis.attaches],
		),
	},
	"excluded": [labels |
		some group in data.assent.exclusive.groups
		labels := [label | some [label, truth] in group; truth == "true"]
		count(labels) > 1
	],
	"limited": count([group | some group in data.assent.exclusive.groups; _may_clash(group)]) > 0,
}

_may_clash(group) if count([label | some [label, truth] in group; truth != "false"]) > 1

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
	truth := kleene.all_of([kleene.negation(kleene.any_of(bars)), _unblocked(_required[law.name])])
}

_finding(law) := {
	"disclosure": input.row.id,
	"framework": law.name,
	"outcome": outcome,
	"applies": _applies[law.name],
	"basis": basis,
	"bases": [id | some id in _bases[law.name]; _permits[id] == "true"],
	"maybe": [id | some id in _bases[law.name]; _permits[id] == "unknown"],
	"bars": [bar.id | some bar in law.bars; _bars[bar.id] == "true"],
	"maybe_bars": [bar.id | some bar in law.bars; _bars[bar.id] == "unknown"],
	"failed": [sprintf("%s: %s", [id, label]) |
		some id in _bases[law.name]
		some [label, truth] in _conditions[id]
		truth == "false"
	],
	"clauses": [duty.key | some duty in duties; duty.kind == "clause"],
	"outstanding": [duty.key | some duty in duties; duty.kind != "clause"; _status(duty) == "outstanding"],
} if {
	_applies[law.name] != "false"
	permits := kleene.any_of([_permits[id] | some id in _bases[law.name]])
	permitted := kleene.any_of([kleene.negation(_applies[law.name]), kleene.all_of([_free[law.name], permits])])
	outcome := {"true": "allow", "false": "deny", "unknown": "undetermined"}[permitted]
	basis := _relied_on(law, outcome)
	duties := array.concat(object.get(_demanded, basis, []), _required[law.name])
} else := {
	"disclosure": input.row.id,
	"framework": law.name,
	"outcome": "not_applicable",
	"applies": "false",
}

# Bases ----------------------------------------------------------------------------------------------------------------

_conditions := {basis.id: conditions |
	some law in _engaged
	some basis in law.bases
	conditions := data.assent.law[law.name].bases[basis.name]
}

_bases := {law.name: [basis.id | some basis in law.bases; _conditions[basis.id]] | some law in _engaged}

_holds := {id: kleene.all_of([truth | some [_, truth] in conditions]) | some id, conditions in _conditions}

_permits := {id: truth |
	some id, holds in _holds
	truth := kleene.all_of([holds, _unblocked(object.get(_demanded, id, []))])
}

_claims := {id | some id in object.get(input.row, "claims", [])}

# The bases in force, each with whether it opens the disclosure: those claimed, and the others where none of them permits.
_opened := [[basis, truth] |
	some law in _engaged
	claimed := kleene.any_of([_permits[id] | some id in _bases[law.name]; id in _claims])
	some basis in law.bases
	chosen := {true: "true", false: kleene.negation(claimed)}[basis.id in _claims]
	truth := kleene.all_of([_applies[law.name], _free[law.name], _permits[basis.id], chosen])
]

# The basis to rely on, if any: a claimed one of those that permit, or else may; then the one that leaves least to do.
_relied_on(law, outcome) := id if {
	outcome != "deny"
	[_, _, _, _, id] := min([[unsure, not_claimed, left, i, id] |
		some i, id in _bases[law.name]
		_permits[id] != "false"
		unsure := count({"true"} - {_permits[id]})
		not_claimed := count({id} - _claims)
		left := count([demand | some demand in _demanded[id]; _status(demand) == "outstanding"])
	])
} else := null

# Requirements ---------------------------------------------------------------------------------------------------------

_required := {law.name: demands |
	some law in _engaged
	demands := [demand | some demand in data.assent.law[law.name].requires; _owed(demand)]
}

# Of the bases that hold or may.
_demanded := {basis.id: demands |
	some law in _engaged
	some basis in law.bases
	_holds[basis.id] != "false"
	demands := [demand | some demand in data.assent.law[law.name].basis_requires[basis.name]; _owed(demand)]
}

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

_unblocked(demands) := kleene.negation(kleene.any_of([demand.owed |
	some demand in demands
	_status(demand) in {"refused", "lacking"}
]))

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
