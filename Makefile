# Everything runs in .venv, which the first target makes; python3 (3.10 or newer) and make are all it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_VERSION := 26.3
.DEFAULT_GOAL := help

.PHONY: help run test check format lint types contracts tests test-airflow-versions bench lock screenshots man build clean

help: ## these lines
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-22s %s\n", $$1, $$2}'

# The environment is made anew whenever what it is made from changes.
$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "backfill-tui needs Python 3.10 or newer; say which with: make PYTHON=python3.12 run")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing backfill-tui and Airflow into $(VENV) (once, some minutes)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip==$(PIP_VERSION)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing the tools for tests and checks"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev
	@touch $@

run: $(VENV)/.run ## open backfill-tui on dags/ with an Airflow of its own
	@$(BIN)/backfill-tui --dags-folder dags

test: tests ## run all tests

check: format lint types contracts tests ## the gate: format, lint, types, import contracts, tests

format: $(VENV)/.dev
	$(BIN)/ruff format --check .

lint: $(VENV)/.dev
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy --strict

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

tests: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile

# The Airflows that this program can be attached to besides its own, as they are installed by their constraints.
OTHER_AIRFLOWS := .venv-airflow-3.1 .venv-airflow-3.2
.venv-airflow-3.1/.made: AIRFLOW := 3.1.8
.venv-airflow-3.1/.made: WITH := sqlalchemy<2
.venv-airflow-3.2/.made: AIRFLOW := 3.2.2
.venv-airflow-3.2/.made: WITH := sqlalchemy<2.1

.venv-airflow-%/.made:
	@echo "Installing Airflow $(AIRFLOW) into .venv-airflow-$*"
	@test -x .venv-airflow-$*/bin/python || $(PYTHON) -m venv .venv-airflow-$*
	@.venv-airflow-$*/bin/python -m pip install --quiet --disable-pip-version-check pip==$(PIP_VERSION)
	@.venv-airflow-$*/bin/python -m pip install --quiet --disable-pip-version-check \
		apache-airflow==$(AIRFLOW) psycopg2-binary "$(WITH)"
	@touch $@

test-airflow-versions: $(VENV)/.dev $(OTHER_AIRFLOWS:%=%/.made) ## run the tests of older Airflows against real ones
	BACKFILL_TUI_TEST_AIRFLOW_PYTHONS=$(subst $(eval) ,:,$(OTHER_AIRFLOWS:%=$(CURDIR)/%/bin/python)) \
		$(BIN)/python -m pytest -n 2 --dist loadfile tests/bridge/test_other_versions.py

bench: $(VENV)/.dev ## measure against Airflow's own way, side by side
	$(BIN)/python -m benchmarks

lock: $(VENV)/.dev ## choose the newest versions that fit and write constraints.txt
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.10 --all-extras \
		--group dev --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml -o constraints.txt

screenshots: $(VENV)/.dev ## draw screenshots/*.svg from the running program
	$(BIN)/python -m scripts.screenshots

man: $(VENV)/.dev ## write man/backfill-tui.1 from the commands and the settings
	$(BIN)/python -m scripts.man

build: $(VENV)/.dev ## wheel and source distribution in dist/
	$(BIN)/uv build --quiet --out-dir dist

clean: ## remove what the targets above made
	rm -rf $(VENV) .venv-airflow-* dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
