# METADATA
# title: The facts of a row
# description: >-
#   What rules read on one disclosure: every fact under the name that policies give it (`input.receiver.kind`), the day,
#   and the row itself.
package assent.facts

# The input of the rules for a row, given what arrives with its data.
prepared(row, arrives) := object.union_n([
	data.assent.unknown,
	object.union_n([{scope: {key: fact}} | some name, fact in _stated(row); [scope, key] := split(name, ".")]),
	{
		"data": {"received_under": arrives.received_under, "restrictions": arrives.restrictions},
		"flow": {"instruments": _instruments(row)},
		"as_of": input.as_of,
		"house": object.get(input, "deployment", null),
		"row": row,
	},
])

_stated(row) := object.union(
	{name: _absent(type) |
		some name in object.get(row, "does_not_apply", [])
		type := data.assent.types[name]
	},
	{name: _value(type, raw, object.get(row, ["may", name], [])) |
		some name, raw in object.get(row, "facts", {})
		raw != null
		type := data.assent.types[name]
	},
)

_absent("codes") := {"has": set(), "may": set()}

_absent(type) := {} if type != "codes"

_value("codes", raw, may) := {"has": has, "may": {code | some code in may} - has} if has := {code | some code in raw}

_value("duration", raw, _) := {"amount": to_number(amount), "unit": unit} if {
	amount := split(raw, " ")[0]
	unit := trim_prefix(raw, concat("", [amount, " "]))
}

_value(type, raw, _) := raw if not type in {"codes", "duration"}

_every_instrument := object.keys(data.assent.instruments)

# The papers in force: a code is in the set if some paper has it, and may be if some paper says nothing of it.
_instruments(row) := {"has": has, "may": may - has} if {
	papers := object.get(row, "papers", [])
	has := {code | some paper in papers; some code in object.get(paper, "has", [])}
	may := union({silent |
		some paper in papers
		silent := _every_instrument - {code | some code in object.get(paper, "reported", [])}
	})
}
