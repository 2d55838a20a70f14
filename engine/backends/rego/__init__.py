"""The rules as a bundle for the Open Policy Agent, and requests decided by a server that has it.

Rego answers in three-valued logic, of which "unknown" is a value and never the lack of one. That answer is sound; where
it is unknown though the exact answer is settled (of `A or not A`, say), `deciding` settles it here.
"""
