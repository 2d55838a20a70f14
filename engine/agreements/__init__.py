"""Agreements: what a decision demands of the paper that the parties sign, and how far a paper has it."""

from engine.agreements.agreement import Draft, draft
from engine.agreements.checks import exhibit_problems, form_problems
from engine.agreements.wording import template_problem

__all__ = ["Draft", "draft", "exhibit_problems", "form_problems", "template_problem"]
