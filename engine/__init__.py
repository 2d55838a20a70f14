"""Decide whether a proposed sharing of government data is lawful, on which basis, and what the agreement must say.

Data flow one way through the modules, and each imports only those above it:

    documents -> facts -> conditions -> policies -> requests -> graph -> completions -> decisions
              -> agreements, cases

The whole of it in four lines::

    policies = load_policies()
    request = read_request(Path("request.yaml"), policies)
    decision = decide(policies, request)
    print(decision.outcome)
"""
