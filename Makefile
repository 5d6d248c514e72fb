# Every target that a person calls carries a comment behind `##`; `make help` is made from them.
# Needs Python 3.11, make and git; everything else is installed into .venv from requirements/*.txt.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
PACKAGES := shared services/gateway services/policy-svc services/profile-svc services/matching-svc deploy/local
SOURCES := shared/src $(wildcard services/*/src) deploy/local/src
TESTS := tests shared/tests deploy/local/tests services/gateway/tests
# A name with a dash is none of a package: the tests of these are looked at from where they are.
DASHED := policy-svc profile-svc matching-svc
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL := help
.PHONY: help setup demo run stop test test-identity check bench bench-policy bench-matching leaks faults upgrade compose-test rulebook requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.packages ## Install everything into .venv (done by the others when needed)

demo: setup ## Start Stena with invented people and tell its story; ONCE=1 stops it afterwards and fails if anything deviates
	@$(BIN)/stena demo story $(if $(ONCE),--once)

run: setup ## Start Stena and watch over it until Ctrl-C; data of an earlier start is still there
	@$(BIN)/stena up

stop: setup ## Stop what `make demo` left running
	@$(BIN)/stena down

test: setup ## Run the tests, one worker for each core
	@$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile

test-identity: setup ## Run the tests with a certified OpenID provider, and fail where node, npm or the network is missing
	@STENA_TEST_IDENTITY=required $(BIN)/python -m pytest tests/identity

check: setup ## Style, types and the direction rules between packages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(SOURCES) $(TESTS)
	@for service in $(DASHED); do (cd services/$$service && ../../$(BIN)/mypy --config-file ../../pyproject.toml \
		--cache-dir ../../.mypy_cache/$$service tests) || exit 1; done
	@$(BIN)/lint-imports

bench: bench-policy ## Measure requests per second and CPU time of a single read, the ledger, and the decision point
	@$(BIN)/python -m tests.bench
	@$(BIN)/python -m tests.bench.ledger
	@$(BIN)/python -m tests.bench.duplicates

bench-policy: setup ## Measure the decision point alone, beside py-abac and Cedar
	@$(BIN)/python -m tests.bench.policy

bench-matching: setup ## Measure how well and how fast matching finds, beside baselines; ESCO_DATA_DIR names the official ESCO download
	@$(BIN)/python -m tests.bench.concepts
	@$(BIN)/python -m tests.bench.linking
	@$(BIN)/python -m tests.bench.ranking
	@$(BIN)/python -m tests.bench.speed
	@$(BIN)/python -m tests.bench.gates
	@$(BIN)/python -m tests.bench.allocation
	@$(BIN)/python -m tests.bench.allocation_job
	@$(BIN)/python -m tests.bench.fairness

leaks: setup ## Look for leaks from outside; AGAINST=compose or in-process instead of a deployment of its own, SHORT=1 for a part
	@$(BIN)/python -m tests.leaks $(if $(AGAINST),--against $(AGAINST)) $(if $(SHORT),--short) $(if $(JSON),--json $(JSON))

faults: setup ## Kill, stop, slow, cut, lie, fill disks and set clocks, and look what comes of it; ONLY="kill gateway" for one, SHORT=1 for three, JSON=file
	@$(if $(SHORT),FAULTS=1 $(BIN)/python -m pytest tests/faults,$(BIN)/python -m tests.faults $(if $(ONLY),--only "$(ONLY)") $(if $(JSON),--json $(JSON)))

upgrade: setup ## Go from the previous release to this one, in every mixture of the two, while organisations go on with their work
	@UPGRADE=1 $(BIN)/python -m pytest tests/upgrade

compose-test: setup ## Tell the story and do what the runbook says in containers, on a Docker engine that runs already
	@deploy/compose-test.sh

rulebook: setup ## Check the starter rulebook and run its golden cases
	@$(BIN)/stena rulebook check deploy/rulebook
	@$(BIN)/stena rulebook test deploy/rulebook

requirements: setup ## Pin requirements/*.txt anew from requirements/*.in
	@$(COMPILE) requirements/runtime.in -o requirements/runtime.txt
	@$(COMPILE) requirements/dev.in -o requirements/dev.txt

clean: ## Remove the environment, and the demo with its data
	@if [ -x $(BIN)/stena ]; then $(BIN)/stena down && $(BIN)/stena remove --yes; fi
	@rm -rf $(VENV) .stena .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# Stamps: a second run installs only what has changed since.
$(VENV)/.requirements: requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "Installing the libraries …"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.packages: $(VENV)/.requirements $(addsuffix /pyproject.toml,$(PACKAGES))
	@$(PIP) install --no-deps --no-build-isolation $(addprefix -e ,$(PACKAGES))
	@touch $@
