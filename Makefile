# Every command of this project. `make help` lists them.
# Needs Python ≥ 3.11 and Node ≥ 20; everything else is installed into .venv, .venv-checkov and node_modules. Commands
# that use a Google Cloud project need gcloud, and `make deploy` needs Terraform ≥ 1.11. They report what is missing.

# The first Python that runs and is new enough. The last two entries find Pythons of pyenv that .python-version hides.
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3 \
	$${PYENV_ROOT:-$$HOME/.pyenv}/versions/3.1[1-9]*/bin/python3 /usr/bin/python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
BIN := $(VENV)/bin
NPM_CI := npm ci --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error

VENV_READY := $(VENV)/.installed
RUNTIME_READY := $(VENV)/.runtime
EMULATOR_READY := local/node_modules/.package-lock.json
CHECKOV_READY := .venv-checkov/.installed
SDKS_READY := tests/support/sdks/node/node_modules/.package-lock.json
CLIENT_READY := client/node_modules/.package-lock.json
EXAMPLE_READY := example/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help setup demo stack web app bench wait cutoff scale profiles bill deploy destroy package release status rollback \
	smoke doctor admin check test client example genai checkov conformance lint format lock

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: ## install what the other commands need; each of them also does this itself
	@$(MAKE) --silent --no-print-directory -j3 $(VENV_READY) $(EMULATOR_READY) $(SDKS_READY) $(CHECKOV_READY)

LOCAL_PATH := local:local/stand_ins/gemini:local/stand_ins/secret_manager

demo: ## show every step in this terminal, on the local stack; GEMINI_API_KEY=… uses Gemini at Google
	@$(MAKE) --silent --no-print-directory -j2 $(VENV_READY) $(EMULATOR_READY)
	@PYTHONPATH=$(LOCAL_PATH) $(BIN)/python -m demo

stack: ## keep the local stack running for an app: [HOST=… TLS=1 CONNECTION_SECONDS=… SCENARIO=…]; docs/local-stack.md
	@$(MAKE) --silent --no-print-directory -j2 $(VENV_READY) $(EMULATOR_READY)
	@PYTHONPATH=$(LOCAL_PATH) exec $(BIN)/python -m stack \
		$(if $(HOST),--host $(HOST)) \
		$(if $(FUNCTION_PORT),--function-port $(FUNCTION_PORT)) \
		$(if $(AUTH_PORT),--auth-port $(AUTH_PORT)) \
		$(if $(GEMINI_PORT),--gemini-port $(GEMINI_PORT)) \
		$(if $(SECRET_MANAGER_PORT),--secret-manager-port $(SECRET_MANAGER_PORT)) \
		$(if $(CONNECTION_SECONDS),--connection-seconds $(CONNECTION_SECONDS)) \
		$(if $(GO_AWAY_SECONDS),--go-away-seconds $(GO_AWAY_SECONDS)) \
		$(if $(SCENARIO),--scenario "$(SCENARIO)") \
		$(if $(filter-out 0,$(CONTROL)),--control) \
		$(if $(filter-out 0,$(TLS)),--tls)

CLIENT_BUILT := client/dist/esm/index.js

web: ## talk in your browser, on the local stack: [WEB_PORT=… CONNECTION_SECONDS=…]; GEMINI_API_KEY=… uses Gemini at Google
	@$(MAKE) --silent --no-print-directory -j3 $(VENV_READY) $(EMULATOR_READY) $(CLIENT_BUILT)
	@PYTHONPATH=$(LOCAL_PATH) exec $(BIN)/python -m stack --web-port $(or $(WEB_PORT),8000) \
		$(if $(CONNECTION_SECONDS),--connection-seconds $(CONNECTION_SECONDS))

APP_BUILT := example/dist/index.html
APP_SOURCES := $(wildcard example/*.ts example/*.js* example/src/*)
APP_CHECKED := $(wildcard example/*.ts example/*.js* example/src example/react-native-firebase/*.ts example/react-native-firebase/*.js*)
EXPORT := CI=1 EXPO_OFFLINE=1 EXPO_NO_TELEMETRY=1 npx --no-install expo export

app: ## talk in the app of example/, as its web build, on the local stack: [WEB_PORT=… CONNECTION_SECONDS=…]
	@$(MAKE) --silent --no-print-directory -j3 $(VENV_READY) $(EMULATOR_READY) $(APP_BUILT)
	@PYTHONPATH=$(LOCAL_PATH) exec $(BIN)/python -m stack --web-port $(or $(WEB_PORT),8000) --app example/dist \
		$(if $(CONNECTION_SECONDS),--connection-seconds $(CONNECTION_SECONDS))

$(APP_BUILT): $(EXAMPLE_READY) $(APP_SOURCES)
	@echo "Building the app for the web"
	@cd example && $(EXPORT) --platform web --output-dir dist >/dev/null

$(CLIENT_BUILT): $(CLIENT_READY) $(wildcard client/src/*.ts client/tsconfig*.json client/scripts/build.mjs)
	@cd client && npm run --silent build

# The functions that are measured run with what is deployed only: .venv has development tools, which google-genai's httpx
# imports where it finds them. --target: a baseline has more packages.
BENCHMARKED := build/benchmarks/function
BENCHMARKED_READY := $(BENCHMARKED)/.installed

$(BENCHMARKED_READY): $(VENV_READY) requirements.txt benchmarks/requirements.txt
	@rm -rf build/benchmarks
	@$(BIN)/uv venv --quiet --python $(BIN)/python $(BENCHMARKED)
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes --compile-bytecode --python $(BENCHMARKED)/bin/python \
		--requirement requirements.txt
	@$(BIN)/uv pip install --quiet --no-deps --require-hashes --compile-bytecode --python $(BENCHMARKED)/bin/python \
		--target build/benchmarks/baselines --requirement benchmarks/requirements.txt
	@touch $@

bench: $(VENV_READY) $(BENCHMARKED_READY) ## measure this function beside others, on Linux, in ten minutes; ARGS=--short in one, ARGS=--help
	@PYTHONPATH=benchmarks $(BIN)/python -m speed $(ARGS)

wait: $(VENV_READY) $(BENCHMARKED_READY) $(CLIENT_BUILT) $(SDKS_READY) ## measure how long a user waits from the tap to the first sound, on Linux, in five minutes; ARGS=--browser in Chromium too
	@PYTHONPATH=benchmarks $(BIN)/python -m speed.wait $(ARGS)

cutoff: ## measure how long a blocked user is still heard, on the local stack, in three minutes; ARGS=--help
	@$(MAKE) --silent --no-print-directory -j2 $(VENV_READY) $(EMULATOR_READY)
	@PYTHONPATH=$(LOCAL_PATH) $(BIN)/python benchmarks/cutoff.py $(ARGS)

scale: $(VENV_READY) ## compute mints, Firestore and instances for much talk, and which limit comes first
	@$(BIN)/python benchmarks/scale.py

LIVE_TOKENS := $(BIN)/live-tokens

profiles: $(VENV_READY) ## check the profiles and show what each locks: [FOLDER=…]
	@$(LIVE_TOKENS) profiles $(if $(FOLDER),"$(FOLDER)")

bill: $(VENV_READY) ## print what one caller can cost at most, by profile and plan: [FOLDER=…]
	@$(LIVE_TOKENS) bill $(if $(FOLDER),"$(FOLDER)")

REQUIRE_PROJECT = test -n "$(PROJECT_ID)" || { echo "Which project? make $@ PROJECT_ID=my-app-1a2b"; exit 2; }

deploy: export SMOKE_OPTIONS := $(SMOKE_OPTIONS)# a command line would lose its quotes
deploy: $(VENV_READY) ## deploy the function and test it: PROJECT_ID=… [REGION=… YES=1 ACCEPT=… NEW_KEY=1 SMOKE_OPTIONS=…]
	@$(REQUIRE_PROJECT)
	@$(LIVE_TOKENS) deploy --project "$(PROJECT_ID)" \
		$(if $(REGION),--region "$(REGION)") $(if $(YES),--yes) $(if $(NEW_KEY),--new-key) \
		$(foreach word,$(ACCEPT),--accept "$(word)")

destroy: $(VENV_READY) ## delete what `make deploy` created, after a question: PROJECT_ID=… [CONFIRM=<the same>]
	@$(REQUIRE_PROJECT)
	@$(LIVE_TOKENS) destroy --project "$(PROJECT_ID)" $(if $(CONFIRM),--confirm "$(CONFIRM)")

package: $(VENV_READY) ## copy the source of the function to build/function, as it is deployed
	@$(LIVE_TOKENS) package

release: $(VENV_READY) ## test, deploy and release the code in Cloud Build: PROJECT_ID=… [REGION=… SUBSTITUTIONS=… ALLOW_DIRTY=1]
	@$(REQUIRE_PROJECT)
	@$(LIVE_TOKENS) release --project "$(PROJECT_ID)" $(if $(REGION),--region "$(REGION)") \
		$(if $(SUBSTITUTIONS),--substitutions "$(SUBSTITUTIONS)") $(if $(ALLOW_DIRTY),--allow-dirty)

status: $(VENV_READY) ## show which version, commit and package serve: PROJECT_ID=… [REGION=… ARGS=…]
	@$(REQUIRE_PROJECT)
	@$(LIVE_TOKENS) status --project "$(PROJECT_ID)" $(if $(REGION),--region "$(REGION)") $(ARGS)

rollback: $(VENV_READY) ## send all calls to the code before, after a question: PROJECT_ID=… [REGION=… ARGS=…]
	@$(REQUIRE_PROJECT)
	@$(LIVE_TOKENS) rollback --project "$(PROJECT_ID)" $(if $(REGION),--region "$(REGION)") $(ARGS)

smoke: $(VENV_READY) ## test a deployed function with a real session: URL=… [PROJECT_ID=… PROFILE=… ARGS=…]
	@test -n "$(URL)" || { echo "Which function? make smoke URL=https://REGION-PROJECT.cloudfunctions.net/mint-live-token"; exit 2; }
	@$(LIVE_TOKENS) smoke "$(URL)" $(if $(PROJECT_ID),--project "$(PROJECT_ID)") \
		$(if $(PROFILE),--profile "$(PROFILE)") $(ARGS)

doctor: $(VENV_READY) ## find what is wrong with a deployment, and the remedies: PROJECT_ID=… [REGION=… FUNCTION=… URL=… ARGS=…]
	@$(REQUIRE_PROJECT)
	@$(LIVE_TOKENS) doctor --project "$(PROJECT_ID)" $(if $(REGION),--region "$(REGION)") \
		$(if $(FUNCTION),--function "$(FUNCTION)") $(if $(URL),--url "$(URL)") $(ARGS)

admin: $(VENV_READY) ## pause, block, reset, report: ARGS="pause --for 30m"; ARGS=--help lists all
	@$(LIVE_TOKENS) admin $(ARGS)

check: lint demo test example client ## run everything that CI runs: lint, demo, tests, app, client; ARGS=… goes to pytest

test: setup ## run all tests; ARGS=… goes to pytest
	@$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder $(ARGS)

client: ## build and test the package for apps, client/
	@$(MAKE) --silent --no-print-directory -j3 $(VENV_READY) $(EMULATOR_READY) $(CLIENT_READY)
	@cd client && PYTHON="$(abspath $(BIN)/python)" npm run --silent check

example: ## check the app of example/ and bundle it for iOS, Android and web; `make client` then drives its web build
	@$(MAKE) --silent --no-print-directory $(EXAMPLE_READY)
	@cd client && node_modules/.bin/biome ci --error-on-warnings --config-path biome.json $(addprefix ../,$(APP_CHECKED))
	@cd example && node_modules/.bin/tsc -p .
	@cd example && $(EXPORT) --platform web --platform android --platform ios --output-dir dist
	@cd example/react-native-firebase && $(EXPORT) --platform android --output-dir dist

EARLIER_GENAI := $(notdir $(basename $(wildcard tests/support/google_genai/*.txt)))

genai: $(VENV_READY) ## run the tests of the mint on earlier versions of google-genai: the bytes on the wire are the same
	@for version in $(EARLIER_GENAI); do \
		$(BIN)/uv pip install --quiet --no-deps --require-hashes --python $(BIN)/python \
			--target build/google-genai/$$version --requirement tests/support/google_genai/$$version.txt && \
		export PYTHONPATH=build/google-genai/$$version && \
		$(BIN)/python -c 'from google import genai; print("google-genai", genai.__version__)' | grep -x "google-genai $$version" && \
		$(BIN)/python -m pytest --quiet tests/function/test_gemini_minter.py tests/function/test_gemini_lock.py || exit 1; \
	done

conformance: $(VENV_READY) $(SDKS_READY) $(CLIENT_BUILT) ## run the scorecard of Live clients and write docs/conformance.md; ARGS="--client pipecat" for some
	@PYTHONPATH=conformance:local/stand_ins/gemini $(BIN)/python -m scorecard $(or $(ARGS),--write)

checkov: $(VENV_READY) $(CHECKOV_READY) ## scan infra/ for insecure settings
	@REQUIRE_CHECKOV=1 $(BIN)/python -m pytest tests/infra/test_checkov.py

lint: $(VENV_READY) ## check formatting, lint and types
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy

format: $(VENV_READY) ## fix formatting and lint
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

# Lock files contain no registry address: an installation may use a mirror.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url
LOCK_NPM := npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error && \
	sed -i.old -E '/^ *"resolved": "https?:/d' package-lock.json && rm package-lock.json.old

lock: $(VENV_READY) ## update the lock files from requirements*.in and package.json
	$(COMPILE) $(ARGS) requirements.in --output-file requirements.txt
	$(COMPILE) $(ARGS) requirements-dev.in --constraints requirements.txt --output-file requirements-dev.txt
	$(COMPILE) $(ARGS) tests/infra/checkov/requirements.in --output-file tests/infra/checkov/requirements.txt
	$(COMPILE) $(ARGS) --no-deps benchmarks/requirements.in --output-file benchmarks/requirements.txt
	for client in conformance/clients/*/requirements.in; do \
		$(COMPILE) $(ARGS) $$client --output-file $${client%.in}.txt || exit 1; \
	done
	for client in conformance/clients/*/package.json; do (cd $$(dirname $$client) && $(LOCK_NPM)) || exit 1; done
	cd local && $(LOCK_NPM)
	cd tests/support/sdks/node && $(LOCK_NPM)
	cd client && $(LOCK_NPM)
	cd example && $(LOCK_NPM)

# Without dependencies: the lock files name them all, and the pip of Python 3.11 would ask for the newest release of those
# that another package wants with an extra.
$(VENV_READY): requirements-dev.txt operations/pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: https://www.python.org/downloads"; exit 1; }
	@echo "Installing Python packages into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.txt
	@$(BIN)/uv pip install --quiet --offline --no-deps --python $(BIN)/python --editable operations
	@touch $@

# For a release, whose account is worth more than this machine: the command with the function's own packages and no others.
# Wheels alone, because another kind of package runs code while it is installed.
$(RUNTIME_READY): requirements.txt
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: --requirement requirements.txt
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" -m live_tokens_operations "$$@"\n' \
		"$(CURDIR)/operations" "$(abspath $(BIN))/python" >$(BIN)/live-tokens
	@chmod +x $(BIN)/live-tokens
	@touch $@

$(CHECKOV_READY): tests/infra/checkov/requirements.txt
	@echo "Installing checkov into .venv-checkov"
	@$(PYTHON) -m venv .venv-checkov
	@.venv-checkov/bin/pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes --requirement $<
	@touch $@

$(EMULATOR_READY): local/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer is missing: https://nodejs.org"; exit 1; }
	@echo "Installing the Firebase Auth emulator"
	@cd local && $(NPM_CI) && touch node_modules/.package-lock.json

$(SDKS_READY): tests/support/sdks/node/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer is missing: https://nodejs.org"; exit 1; }
	@echo "Installing the client SDKs that the tests use"
	@cd tests/support/sdks/node && $(NPM_CI) && touch node_modules/.package-lock.json

# With optional packages: they hold the programs of esbuild, Biome, TypeScript and Vitest for this machine.
$(CLIENT_READY): client/package-lock.json
	@command -v npm >/dev/null || { echo "Node 20 or newer is missing: https://nodejs.org"; exit 1; }
	@echo "Installing what builds and tests client/"
	@cd client && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json

# A file: of the client, which npm copies (install-links in .npmrc): Metro does not follow links out of the folder.
$(EXAMPLE_READY): example/package-lock.json client/package.json $(wildcard client/src/*.ts) | $(CLIENT_BUILT)
	@echo "Installing the packages of the app, about 560 MB"
	@cd example && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json
