# One word a chore. `make demo` and `make test` work on a fresh clone with Python 3.11 or newer, git and make.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do command -v $$p >/dev/null 2>&1 && \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
WORKERS ?= 3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: demo test slow containers image lint fix bench serve soak lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    the whole job on this machine, no keys, no network"
	@echo "make test    the tests, in less than five minutes"
	@echo "make slow    the tests that play whole demos, kill whole servers, or try to break out"
	@echo "make containers  tests of the container sandbox; needs podman"
	@echo "make image   builds the image and runs two workers of it; needs podman, debootstrap and root"
	@echo "make lint    ruff and mypy; make fix mends what ruff can"
	@echo "make soak    kills the service at every line of a run; takes half an hour"
	@echo "make bench   measures, prints a table, writes bench.json"
	@echo "make serve   the webhook server"

demo: $(VENV)/runtime
	@$(BIN)/devflow demo $(DEMO)

test: $(VENV)/dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(TESTS)

slow: $(VENV)/dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m slow

containers: $(VENV)/dev
	@$(BIN)/python -m pytest -n $(WORKERS) -m container tests/adapters/sandbox

image: $(VENV)/dev
	@$(BIN)/python -m pytest -rs -m image tests/container

soak: $(VENV)/dev
	@$(BIN)/python -m pytest -m soak tests/scenarios/kill

lint: $(VENV)/dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

fix: $(VENV)/dev
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(VENV)/dev
	@$(BIN)/python -m tests.benchmarks $(BENCH)

serve: $(VENV)/runtime
	@$(BIN)/devflow serve

lock: $(VENV)/dev
	@$(PIP) uv && $(BIN)/uv pip compile pyproject.toml --group dev $(LOCK) -o requirements-dev.lock
	@sed -i 's/^lxml\[html-clean\]==/lxml==/' requirements-dev.lock  # older pips trip over this extra's two spellings
	@$(BIN)/uv pip compile pyproject.toml --group build -c requirements-dev.lock $(LOCK) -o requirements.lock
	@$(BIN)/uv pip compile --group uv $(LOCK) -o requirements-uv.lock  # what the Action installs with
LOCK := --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header --quiet

clean:
	rm -rf $(VENV) .devflow dist bench.json .mypy_cache .ruff_cache .pytest_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Devflow needs Python 3.11 or newer. Install it, or name it: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 2; }

$(VENV)/runtime: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "Setting up .venv (once; about half a minute) ..."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: $(VENV)/runtime requirements-dev.lock
	@echo "Setting up the tools for tests (once) ..."
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
