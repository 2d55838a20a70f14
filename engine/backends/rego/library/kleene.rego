# METADATA
# title: Three-valued logic
# description: >-
#   A truth is "true", "false" or "unknown", after Kleene. Being unknown is a value, never the lack of one: no rule that
#   rests on it can become undefined, and `not` is never used for an opposite.
package assent.kleene

default all_of(_) := "unknown"

all_of(truths) := "false" if {
	"false" in truths
} else := "unknown" if {
	"unknown" in truths
} else := "true"

default any_of(_) := "unknown"

any_of(truths) := "true" if {
	"true" in truths
} else := "unknown" if {
	"unknown" in truths
} else := "false"

default negation(_) := "unknown"

negation("true") := "false"

negation("false") := "true"

default at_least(_, _) := "unknown"

at_least(n, truths) := "true" if {
	count([truth | some truth in truths; truth == "true"]) >= n
} else := "false" if {
	count([truth | some truth in truths; truth != "false"]) < n
}
