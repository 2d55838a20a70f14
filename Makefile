# Needs Python 3.11 or later and make. Everything else goes into .venv, which can be deleted at any time.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EXTRAS ?= dev,opa,analysis,batch,peers,cluster
REQUEST ?= cases/p20win/r01.yaml

# The first Python that is new enough, preferably one that can make a virtual environment.
# Each candidate is run, because a name on the PATH need not work. `make PYTHON=/some/python` overrides the choice.
CANDIDATES := python3.13 python3.12 python3.11 python3
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for test in 'import ensurepip; $(NEW_ENOUGH)' '$(NEW_ENOUGH)'; do \
	for python in $(CANDIDATES); do \
	if $$python -c "$$test" >/dev/null 2>&1; then echo $$python; exit; fi; done; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help venv demo test nightly check law format bench schemas readme lint-docs wheel clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

venv: $(STAMP) ## Make .venv with everything installed

demo: $(STAMP) ## Decide an example request
	@$(BIN)/assent check $(REQUEST); code=$$?; \
	case $$code in 0|10|11) ;; *) exit $$code ;; esac
	@echo
	@echo "Next: change 'purpose' to 'marketing' in $(REQUEST) and run 'make demo' again."
	@echo "The answer then names the paragraph of each law that fails. '$(BIN)/assent --help' lists what else there is."

test: $(STAMP) ## Run the tests
	@$(BIN)/python -m pytest

nightly: $(STAMP) ## Compare all engines on 100,000 random requests
	@$(BIN)/python -m pytest -s --hypothesis-profile=thorough tests/test_engines.py

check: $(STAMP) ## Check format, style and types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

law: $(STAMP) ## Check the shipped law: layout, lint, and what must never be allowed
	@$(BIN)/assent fmt --check policies cases
	@$(BIN)/assent lint --strict policies cases
	@$(BIN)/assent analyze --never cases/invariants.yaml

format: $(STAMP) ## Format the code and mend what can be mended without thought
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(STAMP) ## Measure how long decisions take
	@$(BIN)/python -m benchmarks

schemas: $(STAMP) ## Write schemas/ again from the models
	@$(BIN)/assent schema --write schemas

readme: $(STAMP) ## Write the README's table of frameworks again from the policies
	@$(BIN)/python -m engine.workbench.readme

lint-docs: $(STAMP) ## Write the checks into docs/lint.md again from their registry
	@$(BIN)/python -m engine.reports.lint_page

wheel: $(STAMP) ## Build the source archive and, from it, the wheel into dist/
	@rm -rf dist
	@$(BIN)/python -m build
	@for wheel in dist/*.whl; do for data in policies schemas cases; do \
		$(BIN)/python -m zipfile -l $$wheel | grep "^engine/bundled/$$data/" >/dev/null \
		|| { echo "error: $$wheel does not contain $$data/" >&2; exit 1; }; done; done

clean: ## Remove what make has made: .venv, dist and caches
	@rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt
	@if [ -z "$(PYTHON)" ]; then \
		echo "error: no Python 3.11 or later found; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "error: $(PYTHON) does not run or is older than Python 3.11; name another: make PYTHON=/path/to/python3" >&2; \
		exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "error: $(PYTHON) cannot make a virtual environment; on Debian or Ubuntu: apt install python3-venv" >&2; \
		exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@echo "Installing into $(VENV) (the first time takes a minute) ..."
	@$(BIN)/python -m pip install --quiet --editable '.[$(EXTRAS)]' --constraint constraints.txt
	@touch $@
