# The commands of this project; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= 2

.PHONY: help setup run serve test test-deps check view strings migration lock soak bench styles clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.product: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.tools: requirements-dev.txt $(VENV)/.product
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.tools ## create the environment with everything for development

run: $(VENV)/.product ## start with a demonstration on http://127.0.0.1:8000 and print who may sign in
	@$(BIN)/python -m cirt demo

serve: $(VENV)/.product ## start with your own data (see docs/operator.md)
	@$(BIN)/python -m cirt init && $(BIN)/python -m cirt serve

test-deps: ## install Chromium, PostgreSQL and Poppler for the tests (Debian; the only step that needs root)
	@sh tests/install.sh

test: $(VENV)/.tools test-deps ## run every test, on SQLite and PostgreSQL, in a real browser
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

view: # a copy laid out as one package, for the checkers
	@rm -rf build/view && mkdir -p build/view && cp -r cirt build/view/
	@cp -r assessments incidents stix build/view/cirt/ && touch build/view/cirt/stix/__init__.py
	@find build/view -name __pycache__ -prune -exec rm -rf {} +

check: $(VENV)/.tools view ## style, types, import directions, templates, translations
	$(BIN)/ruff format --check --quiet . || ($(BIN)/ruff format --diff --quiet .; exit 1)
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	cd build/view && ../../$(BIN)/lint-imports --config ../../pyproject.toml
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/python -m tests.strings check

strings: $(VENV)/.tools ## collect the texts to translate and compile the catalogues
	$(BIN)/python -m tests.strings update

migration: $(VENV)/.tools ## write a migration for changed tables: make migration m="what changes"
	$(BIN)/python -m tests.new_migration "$(m)"

lock: $(VENV)/.tools ## resolve requirements.in and requirements-dev.in to exact versions with hashes
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.txt

styles: ## rebuild the style sheets from cirt/static/source (needs Node.js)
	cd cirt/static/source && npm install --no-save --no-package-lock && npm run build

soak: $(VENV)/.tools test-deps ## full doses of kills, histories and fuzzing; writes docs/soak.md
	$(BIN)/python -m tests.soak

bench: $(VENV)/.tools test-deps ## speed, memory, start; writes docs/bench.md
	$(BIN)/python -m tests.bench

clean: ## remove what the commands made, but not your data
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
