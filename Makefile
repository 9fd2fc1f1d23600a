PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: install run test coverage check format bench growth chaos soak fuzz lock clean

install: $(VENV)/.runtime

run: $(VENV)/.runtime
	@$(BIN)/paperroute run

# Many tests wait for a process or a clock: more workers than cores.
test: $(VENV)/.dev
	$(BIN)/pytest -n 4

coverage: $(VENV)/.dev
	$(BIN)/pytest -n auto --cov=bot --cov=storage --cov-report=term-missing --cov-fail-under=95

check: $(VENV)/.dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m checks.advisories requirements.lock requirements-dev.lock

format: $(VENV)/.dev
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

soak: $(VENV)/.dev
	$(BIN)/python -m benchmarks.soak $(SOAK)

growth: $(VENV)/.dev
	$(BIN)/python -m benchmarks.growth

chaos: $(VENV)/.dev
	$(BIN)/python -m benchmarks.chaos $(if $(SEED),--seed $(SEED))

# The state machine and the properties of bad input with many examples, others at each run: half an hour of processor.
fuzz: $(VENV)/.dev
	HYPOTHESIS_PROFILE=long $(BIN)/pytest tests/test_delivery_model.py tests/test_fuzz_*.py --timeout 0
	$(BIN)/python -m tests.coverage_guided

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "paperroute needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# --no-build-isolation: setuptools comes hashed from the lock file, so nothing unpinned is fetched.
$(VENV)/.runtime: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Needs uv (https://docs.astral.sh/uv/); the lock files name packages, versions, hashes: never an address.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links --quiet
lock:
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra dev -c requirements.lock -o requirements-dev.lock
