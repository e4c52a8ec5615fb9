# Fermata's commands. `make help` lists them.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
SOURCES := platform workers tests manage.py

.DEFAULT_GOAL := help
.PHONY: help run test test-here test-screen journeys crash conformance bench demo screen screenshots perf lint types verify fmt token generate lock

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Run the whole platform here: PostgreSQL, Valkey, web, worker, beat
	@exec $(PY) manage.py run

# Suites with real workers wait more than they compute: each runs beside the others with servers of its own,
# because a test that expects an empty broker must not find what another suite left there.
FLEETS := tests/integration/canvas tests/crash tests/conformance tests/integration/stack tests/integration/workers tests/integration/demo
BROWSER := tests/e2e

# The longest first, so that both of two end together.
test: $(READY) ## Lint, types and all tests
	$(MAKE) --no-print-directory -j2 --keep-going --output-sync=target test-screen lint types test-here $(addprefix suite/,$(FLEETS))

# The screen's own checks, then the journeys through it: both install its libraries in the same folder.
test-screen: $(READY)
	$(PY) manage.py npm run check
	$(PY) -m pytest -q $(BROWSER)

test-here: $(READY)
	$(PY) -m pytest -q $(addprefix --ignore=,$(FLEETS) $(BROWSER))

suite/%: $(READY)
	$(PY) -m pytest -q $*

journeys: $(READY) ## The journeys through the screen, with the long ones: thousands of steps, narrow windows, placing
	$(PY) -m pytest -q $(BROWSER)/test_journeys.py -m "full or not full"

crash: $(READY) ## The crash matrix in full: processes are killed at every named point
	FERMATA_CRASH_REPORT=docs/architecture/crash-matrix.md $(PY) -m pytest tests/crash -q -m "full or not full"

conformance: $(READY) ## Five minutes of made-up requests against the interface's description
	FERMATA_CONFORMANCE_SECONDS=300 FERMATA_CONFORMANCE_SEED=$${SEED:-$$(date +%s)} $(PY) -m pytest -q tests/conformance

# All of it keeps its figures in docs/architecture/benches.*; one shape takes half a minute and keeps nothing:
# make bench SHAPES=W1 VARIANTS=default,raw POOLS=solo DISKS=memory
bench: $(READY) ## Measure beside raw Celery (SHAPES, ROUNDS, VARIANTS, POOLS, DISKS choose)
	SHAPES="$(SHAPES)" ROUNDS="$(ROUNDS)" VARIANTS="$(VARIANTS)" POOLS="$(POOLS)" DISKS="$(DISKS)" \
	  $(PY) -m tests.bench

demo: $(READY) ## Audit the licences of FILE=requirements.txt by an example workflow; YES=1 accepts
	@$(PY) manage.py demo $(if $(FILE),--file "$(FILE)") $(if $(filter 1 yes y true,$(YES)),--yes)

screenshots: $(READY) ## Pictures of every screen into webui/pictures, to be looked at (ONLY=execution THEMES=contrast,forced choose)
	FERMATA_REQUIRE_BROWSER=1 ONLY="$(ONLY)" THEMES="$(THEMES)" $(PY) -m pytest -q -s -m pictures tests/e2e/test_pictures.py

perf: $(READY) ## Time the screen in a browser against its budgets; nothing else should run (ROUNDS=5)
	FERMATA_REQUIRE_BROWSER=1 ROUNDS="$(ROUNDS)" $(PY) -m pytest -q -s -m perf tests/e2e/test_perf.py

screen: $(READY) ## Build the web UI (make run does it by itself)
	@$(PY) manage.py build_screen

lint: $(READY) ## Ruff, formatting and the import contracts
	$(PY) -m ruff check $(wildcard $(SOURCES))
	$(PY) -m ruff format --check $(wildcard $(SOURCES))
	$(VENV)/bin/lint-imports --no-logo

types: $(READY) ## mypy, strict
	$(PY) -m mypy

verify: $(READY) ## Fail when a generated file or a migration is out of date
	$(PY) manage.py check
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py openapi --check
	$(PY) manage.py document_schema --check
	$(PY) manage.py diagrams --check
	$(PY) manage.py permissions --check
	$(PY) manage.py npm run verify
	$(PY) -m pytest -q tests/unit/config tests/test_house.py

fmt: $(READY) ## Put the code into shape
	$(PY) -m ruff check --fix-only --exit-zero $(wildcard $(SOURCES))
	$(PY) -m ruff format $(wildcard $(SOURCES))

token: $(READY) ## Make an API token for the administrator of the running platform
	@$(PY) manage.py create_token

generate: $(READY) ## Write what is generated: .env.example, the table of variables, openapi.yaml, diagrams
	$(PY) manage.py render_env
	$(PY) manage.py openapi
	$(PY) manage.py document_schema
	$(PY) manage.py diagrams
	$(PY) manage.py permissions

lock: $(READY) ## Pin requirements.txt anew from pyproject.toml
	$(VENV)/bin/uv pip compile -q --upgrade --extra dev --generate-hashes --no-emit-index-url --no-header \
	  --universal --python-version 3.11 pyproject.toml -o requirements.txt

# uv installs in a few seconds; where it cannot be had or cannot reach the packages, pip does the same more slowly.
$(READY): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Fermata needs Python 3.11 or newer; name one: make PYTHON=python3.12 run" >&2; exit 1; }
	@echo "Installing into $(VENV) (first time only, some 150 MB) …"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; install your system's python3-venv." >&2; exit 1; }
	@command -v uv >/dev/null || $(PY) -m pip install -q --disable-pip-version-check uv || true
	@PATH="$$PATH:$(CURDIR)/$(VENV)/bin"; \
	  { uv pip install --python $(PY) -r requirements.txt && \
	    uv pip install -q --python $(PY) --no-deps --no-build-isolation -e .; } || \
	  { $(PY) -m pip install --progress-bar on -r requirements.txt && \
	    $(PY) -m pip install -q --no-deps --no-build-isolation -e .; }
	@touch $(READY)
