# Every command of this project. `make help` lists them.
# Needs Python ≥ 3.11 and Node ≥ 20; everything else is installed into .venv and node_modules.

# The first that runs and is new enough. The last two find pyenv's, where .python-version names one that is not there.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 \
	$${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.1[1-9]*/bin/python3 /usr/bin/python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
NPM_CI := npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error

VENV_READY := $(VENV)/.installed
EMULATOR_READY := local/node_modules/.package-lock.json
SDKS_READY := tests/sdks/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help setup demo stack admin test lint format lock

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: ## install what the other commands need (they do it themselves, too)
	@$(MAKE) --silent --no-print-directory -j3 $(VENV_READY) $(EMULATOR_READY) $(SDKS_READY)

demo: ## the whole story in this terminal; GEMINI_API_KEY=… tells it against Google
	@$(MAKE) --silent --no-print-directory -j2 $(VENV_READY) $(EMULATOR_READY)
	@PYTHONPATH=local $(BIN)/python -m demo

stack: ## keep the local stack running for an app; HOST, FUNCTION_PORT, AUTH_PORT, … choose where
	@$(MAKE) --silent --no-print-directory -j2 $(VENV_READY) $(EMULATOR_READY)
	@PYTHONPATH=local $(BIN)/python -m local_stack \
		$(if $(HOST),--host $(HOST)) \
		$(if $(FUNCTION_PORT),--function-port $(FUNCTION_PORT)) \
		$(if $(AUTH_PORT),--auth-port $(AUTH_PORT)) \
		$(if $(GEMINI_PORT),--gemini-port $(GEMINI_PORT)) \
		$(if $(SECRET_MANAGER_PORT),--secret-manager-port $(SECRET_MANAGER_PORT))

admin: $(VENV_READY) ## the operator's command, e.g. ARGS="pause --for 30m"; ARGS=--help tells the rest
	@PYTHONPATH=functions:operations $(BIN)/python -m live_tokens_admin $(ARGS)

test: setup ## run all tests; ARGS=… goes to pytest
	@$(BIN)/python -m pytest $(ARGS)

lint: $(VENV_READY) ## formatting, lint, types
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy

format: $(VENV_READY) ## rewrite the code as `make lint` wants it
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

# No registry's address belongs into a lock file: whoever installs may use a mirror.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
LOCK_NPM := npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error && \
	sed -i.old -E '/^ *"resolved": /d' package-lock.json && rm package-lock.json.old

lock: $(VENV_READY) ## write the lock files anew from requirements*.in and package.json
	$(COMPILE) $(ARGS) requirements.in --output-file requirements.txt
	$(COMPILE) $(ARGS) requirements-dev.in --constraints requirements.txt --output-file requirements-dev.txt
	cd local && $(LOCK_NPM)
	cd tests/sdks && $(LOCK_NPM)

$(VENV_READY): requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: https://www.python.org/downloads"; exit 1; }
	@echo "Installing Python packages into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@

$(EMULATOR_READY): local/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer is missing: https://nodejs.org"; exit 1; }
	@echo "Installing the Firebase Auth emulator"
	@cd local && $(NPM_CI) && touch node_modules/.package-lock.json

$(SDKS_READY): tests/sdks/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer is missing: https://nodejs.org"; exit 1; }
	@echo "Installing the client SDKs that the tests use"
	@cd tests/sdks && $(NPM_CI) && touch node_modules/.package-lock.json
