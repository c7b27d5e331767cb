# Two commands from a fresh clone: `make run` and `make test`. Needs make and Python 3.11 or later.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Newer than the locks and pyproject.toml once these are installed; what test installs holds all of run.
RUN_READY := $(VENV)/.run-ready
TEST_READY := $(VENV)/.test-ready

PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
COMPILE := pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-annotate --no-header
SAY := echo >&2 tianji:

.DEFAULT_GOAL := help
.PHONY: help run test properties cross agents walks fuzz race chaos outages scale admins reports ledger bench lint format docs lock

help: ## Show what there is.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(RUN_READY) ## Start the whole system (CONFIG=proxy_config.yaml, ARGS="--gateways 2").
	@exec $(BIN)/tianji up $(if $(CONFIG),--config "$(CONFIG)") $(ARGS)

test: $(TEST_READY) ## Run the tests (T=tests/unit for some, JOBS=4 for more at once).
	@$(BIN)/python -m pytest -q -n $(or $(JOBS),2) --dist loadfile --no-loadscope-reorder --timeout 600 $(T)

properties: $(TEST_READY) ## Search long and at random for what breaks a property (EXAMPLES=2000 SEED=7 T=tests/unit JOBS=2).
	@seed=$(or $(SEED),$$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')); \
	$(SAY) "searching with SEED=$$seed"; \
	$(if $(EXAMPLES),EXAMPLES=$(EXAMPLES)) $(BIN)/python -m pytest -q -m hypothesis --timeout 0 -n $(or $(JOBS),0) --dist load \
		--hypothesis-profile search --hypothesis-seed $$seed $(T)

cross: $(TEST_READY) ## Hold every client format against every provider and print the table (K="bedrock and stream").
	@$(BIN)/python -m pytest -q --tb=no --no-header -p tianji_testkit.cross_table -r N \
		$(if $(K),-k "$(K)") tests/integration/gateway/test_cross_*.py

agents: $(TEST_READY) ## Run Claude Code and Codex through every dialect (CLAUDE_BIN= CODEX_BIN= K="codex.bedrock" JOBS=2).
	@$(if $(CLAUDE_BIN),CLAUDE_BIN="$(CLAUDE_BIN)") $(if $(CODEX_BIN),CODEX_BIN="$(CODEX_BIN)") PYTHONPATH=tests \
		$(BIN)/python -m agents $(if $(K),-k "$(K)") $(if $(JOBS),--jobs $(JOBS)) $(if $(KEEP),--keep "$(KEEP)")

walks: $(TEST_READY) ## Hold two gateways against a model of who may call what, on random walks (WALKS=1000 SEED=7 STEPS=10).
	@PYTHONPATH=tests $(BIN)/python -m walks $(if $(WALKS),--walks $(WALKS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(STEPS),--steps $(STEPS))

fuzz: $(TEST_READY) ## Throw what the API's own description allows at it, and what it does not (EXAMPLES=50 T=tests/fuzz/test_junk.py).
	@$(BIN)/python -m pytest -q --timeout 3600 --fuzz $(or $(EXAMPLES),50) $(or $(T),tests/fuzz)

race: $(TEST_READY) ## Race for budgets and limits on several gateways (RUNS=3 CLIENTS=64 CONTEST=tpm TROUBLE=gateway).
	@PYTHONPATH=tests $(BIN)/python -m race $(if $(RUNS),--runs $(RUNS)) $(if $(GATEWAYS),--gateways $(GATEWAYS)) \
		$(if $(CLIENTS),--clients $(CLIENTS)) $(if $(CONTEST),--contest $(CONTEST)) $(if $(TROUBLE),--trouble $(TROUBLE))

chaos: $(TEST_READY) ## Pull every plug at random and count (SEED=7 SECONDS=120 GATEWAYS=2 KEEP=folder).
	@PYTHONPATH=tests $(BIN)/python -m chaos $(if $(SEED),--seed $(SEED)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(GATEWAYS),--gateways $(GATEWAYS)) $(if $(KEEP),--keep "$(KEEP)")

outages: $(TEST_READY) ## Take each server away for a minute, then all of them, and count (SECONDS=60 SEED=1).
	@PYTHONPATH=tests $(BIN)/python -m chaos.outages $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED))

scale: $(TEST_READY) ## Measure a million keys and a fleet (KEYS=1000000 CACHED=50000 GATEWAYS=10 BLOCKS=1000).
	@PYTHONPATH=tests $(BIN)/python -m bench.scale $(if $(KEYS),--keys $(KEYS)) $(if $(CACHED),--cached $(CACHED)) \
		$(if $(GATEWAYS),--gateways $(GATEWAYS)) $(if $(BLOCKS),--blocks $(BLOCKS)) $(if $(FROZEN),--frozen $(FROZEN))

admins: $(TEST_READY) ## Measure the admin API over a million keys and ten thousand teams (KEYS= TEAMS= CALLS=100).
	@PYTHONPATH=tests $(BIN)/python -m bench.admin $(if $(KEYS),--keys $(KEYS)) $(if $(TEAMS),--teams $(TEAMS)) \
		$(if $(CALLS),--calls $(CALLS))

reports: $(TEST_READY) ## Measure reports over ten million calls, and show how they are answered (ROWS=10000000).
	@PYTHONPATH=tests $(BIN)/python -m bench.spend $(if $(ROWS),--rows $(ROWS))

ledger: $(TEST_READY) ## Measure how many spend events a worker takes in a second (EVENTS=200000 KEYS=5000).
	@PYTHONPATH=tests $(BIN)/python -m bench.ledger $(if $(EVENTS),--events $(EVENTS)) $(if $(KEYS),--keys $(KEYS))

bench: $(TEST_READY) ## Measure the gateway beside a bare relay and LiteLLM (ROUNDS=3 DURATION=1.5, DIALECTS=1 for translation only).
	@PYTHONPATH=tests $(BIN)/python -m bench.speed $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(DURATION),--duration $(DURATION)) $(if $(DIALECTS),--dialects) $(if $(CONNECTIONS),--connections $(CONNECTIONS)) $(if $(OUT),--out "$(OUT)")

lint: $(TEST_READY) ## Check style, types and import rules.
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: $(RUN_READY) ## Write the pages that are made from the code.
	@$(BIN)/python -m tianji.config.describe > docs/reference/config-fields.md
	@$(BIN)/python -m tianji.providers._pages docs/providers

format: $(TEST_READY) ## Format the code.
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lock: ## Choose the dependencies' versions anew (UPGRADE=1 takes the newest).
	@set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(SAY) resolving dependencies; \
	$(PYTHON) -m venv "$$tools"; \
	"$$tools/bin/pip" install --quiet --disable-pip-version-check uv; \
	"$$tools/bin/uv" $(COMPILE) $(if $(UPGRADE),--upgrade) --extra embedded --extra clouds \
		pyproject.toml requirements/build.in -o requirements/run.lock; \
	"$$tools/bin/uv" $(COMPILE) $(if $(UPGRADE),--upgrade) --extra embedded --extra clouds --extra parquet --extra test \
		-c requirements/run.lock pyproject.toml requirements/build.in -o requirements/test.lock

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ $(SAY) "Python 3.11 or later is needed; name one with: make PYTHON=/path/to/python3"; exit 1; }
	@$(SAY) creating $(VENV)
	@$(PYTHON) -m venv $(VENV) >&2 || { rm -rf $(VENV); \
		$(SAY) "$(PYTHON) cannot make a virtual environment; Debian and Ubuntu have it in python3-venv"; exit 1; }

$(RUN_READY): requirements/run.lock pyproject.toml | $(BIN)/pip
	@$(SAY) "installing the locked dependencies (only when they changed)"
	@$(PIP_INSTALL) --require-hashes --requirement requirements/run.lock >&2
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable . >&2
	@touch $@

$(TEST_READY): requirements/test.lock pyproject.toml | $(BIN)/pip
	@$(SAY) "installing the locked dependencies with those of the tests (only when they changed)"
	@$(PIP_INSTALL) --require-hashes --requirement requirements/test.lock >&2
	@$(PIP_INSTALL) --no-deps --no-build-isolation --editable . >&2
	@touch $(RUN_READY) $@
