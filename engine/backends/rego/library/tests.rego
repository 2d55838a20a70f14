# METADATA
# title: Tests of facts
# description: >-
#   A fact is its value; null where it is unknown; an empty object where it does not apply, and then fails every test. A
#   set of codes says which it has and which it may have besides; a duration is an amount of a unit, and durations of
#   different units compare as false.
package assent.tests

import data.assent.kleene

_absent := {}

_unknown(fact, other) if null in [fact, other]

# Whether both have a value; that of the second may be a constant.
_given(fact, other) if {
	fact != _absent
	other != _absent
}

default unstated(_) := false

unstated(null) := true

# Values ---------------------------------------------------------------------------------------------------------------

is(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	fact == value
	fact != _absent
} else := "false"

one_of(fact, values) := "unknown" if {
	_unknown(fact, values)
} else := "true" if {
	fact in values
} else := "false"

other_than(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	_given(fact, value)
	fact != value
} else := "false"

applies(fact) := "unknown" if {
	fact == null
} else := "false" if {
	fact == _absent
} else := "true"

# Dates and numbers ----------------------------------------------------------------------------------------------------

before(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	_given(fact, value)
	fact < value
} else := "false"

after(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	_given(fact, value)
	fact > value
} else := "false"

at_most(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	_given(fact, value)
	fact <= value
} else := "false"

at_least(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	_given(fact, value)
	fact >= value
} else := "false"

# Durations ------------------------------------------------------------------------------------------------------------

lasts_at_most(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	fact.unit == value.unit
	fact.amount <= value.amount
} else := "false"

lasts_at_least(fact, value) := "unknown" if {
	_unknown(fact, value)
} else := "true" if {
	fact.unit == value.unit
	fact.amount >= value.amount
} else := "false"

# Sets of codes --------------------------------------------------------------------------------------------------------

default includes_any(_, _) := "unknown"

includes_any(fact, codes) := "true" if {
	count(fact.has & codes) > 0
} else := "unknown" if {
	count(fact.may & codes) > 0
} else := "false" if {
	fact.has
}

default includes_all(_, _) := "unknown"

includes_all(fact, codes) := "true" if {
	count(codes - fact.has) == 0
} else := "false" if {
	count((codes - fact.has) - fact.may) > 0
}

excludes(fact, codes) := kleene.negation(includes_any(fact, codes))

default within(_, _) := "unknown"

# Nothing but these codes, and at least one.
within(fact, codes) := "false" if {
	count(fact.has - codes) > 0
} else := "false" if {
	count(fact.has | fact.may) == 0
} else := "true" if {
	count(fact.has) > 0
	count(fact.may - codes) == 0
}
