"""Policies: frameworks, clauses and deployments, read into one immutable `PolicySet`."""

from engine.policies.compiler import compile_policies, is_policy, load_policies, party_facts, read_folder
from engine.policies.models import (
    ROLES,
    Bar,
    Basis,
    CatalogueRow,
    Clause,
    ClauseFile,
    Deployment,
    DeploymentFact,
    Framework,
    Owed,
    Penalty,
    PolicySet,
    Rule,
    VocabularyFile,
)

__all__ = [
    "ROLES",
    "Bar",
    "Basis",
    "CatalogueRow",
    "Clause",
    "ClauseFile",
    "Deployment",
    "DeploymentFact",
    "Framework",
    "Owed",
    "Penalty",
    "PolicySet",
    "Rule",
    "VocabularyFile",
    "compile_policies",
    "is_policy",
    "load_policies",
    "party_facts",
    "read_folder",
]
