.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
HOME_DIR ?= var

.PHONY: help setup setup-dev setup-browser setup-office setup-old-clients demo test test-fast check docs walkthrough dev bench bench-bulletin read-bulletin bench-history kill-drill drill storm country letters-drill same-outputs lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

setup: .setup/done ## create .venv and install the pinned dependencies
setup-dev: .setup/dev ## likewise with the tools of development: tests, linters, benchmarks

# uv installs in a third of the time; where it cannot be had, or has no way to the index, pip does the same.
define install
@mkdir -p .setup
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
@echo "Installing the pinned dependencies of $(1) into $(VENV) (half a minute the first time) ..."
@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-uv.lock \
	&& $(BIN)/uv pip install -q --python $(BIN)/python --require-hashes -r $(1) \
	|| $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1)
@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --editable .
endef

.setup/done: requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

.setup/dev: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch .setup/done $@

demo: setup ## load samples/ through the Dagster job into ./var and show what was found
	@$(BIN)/thads demo --home $(HOME_DIR)

setup-browser: setup-dev ## a Chromium for the tests of the bulletin: the system's, installed by apt-get where we are root
	@$(BIN)/python -m tests.support.browser

setup-office: setup-dev ## LibreOffice for the tests of the clerk's workbooks: the system's, installed by apt-get where we are root
	@$(BIN)/python -m tests.support.office

setup-old-clients: setup-dev ## older versions of DuckDB, each in an environment of its own, for the test that they open a release
	@$(BIN)/python -m tests.support.old_clients

test: setup-browser setup-office setup-old-clients ## every test: Python, dbt unit and data tests, definitions check
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations 25

test-fast: setup-dev ## the tests that take less than ten seconds each
	@$(BIN)/python -m pytest -m "not slow"

check: setup-dev ## format, lint, type-check, and who may import whom
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint dbt_project/models --processes 2 -q

docs: setup ## write docs/reference/: every command, form, rule and table, from what the code declares
	@$(BIN)/python -m pipeline.reference
	@echo "Written to docs/reference/"

walkthrough: setup-dev ## walk docs/walkthrough.md and draw its pictures again (needs Chromium)
	@$(BIN)/python -m docs.walkthrough.walk

dev: setup ## the Dagster UI with daemon, schedule and sensor on
	@$(BIN)/thads dev --home $(HOME_DIR)

bench: setup-dev ## a national month, and a month more after one year and after ten: what a night costs (docs/benchmarks.md)
	@$(BIN)/python -m benchmarks.national_month
	@$(BIN)/python -m benchmarks.history --provinces 4 --repeat 2

bench-bulletin: setup-dev ## the bulletin of a country of three years: time, pages, largest page (docs/benchmarks.md)
	@$(BIN)/python -m benchmarks.bulletin_years

read-bulletin: setup-browser ## open every page of ./var's bulletin in Chromium: complaints, links, figures against the warehouse
	@$(BIN)/python -m benchmarks.bulletin_reader --home $(HOME_DIR)

bench-history: setup-dev ## the second half of `make bench` at three times the size (docs/benchmarks.md)
	@$(BIN)/python -m benchmarks.history

kill-drill: setup-dev ## kill loads at ten moments and prove the warehouse comes out the same (about ten minutes)
	@$(BIN)/python -m benchmarks.kill_drill

drill: setup-dev ## plant every kind of fault, alone and mixed: found, traced to the cell, false alarms (a few minutes)
	@$(BIN)/python -m benchmarks.fault_drill

storm: setup-dev ## drawn inboxes and whole nights that nothing may stop, or CORPUS=DIR: any folder of foreign files (docs/benchmarks.md)
	@$(BIN)/python -m benchmarks.storm $(if $(CORPUS),--corpus "$(CORPUS)")

country: setup-dev ## judge a faultless country of ten provinces and three years: no finding may be left (about ten minutes)
	@$(BIN)/python -m benchmarks.fault_drill --country 10

same-outputs: setup-dev ## load the same inboxes with BEFORE=COMMIT and with this tree: tables, letters, workbooks, pages, checks (minutes)
	@$(BIN)/python -m benchmarks.same_outputs --before $(or $(BEFORE),HEAD~1) $(if $(INBOX),--inbox $(INBOX))

letters-drill: setup-dev ## a national month with faults, letter by letter, the mail server down for a night (some five minutes)
	@$(BIN)/python -m benchmarks.letters_drill

COMPILE := uv pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-strip-extras --no-annotate --no-header -q

lock: setup ## pin every dependency again (versions and hashes, no addresses)
	@$(BIN)/$(COMPILE) pyproject.toml --extra dev -o requirements-dev.lock
	@$(BIN)/$(COMPILE) pyproject.toml --constraint requirements-dev.lock -o requirements.lock
	@echo uv | $(BIN)/$(COMPILE) - -o requirements-uv.lock

clean: ## remove ./var and the caches (not the environment)
	@rm -rf $(HOME_DIR) .pytest_cache .mypy_cache .ruff_cache .hypothesis dbt_project/target
