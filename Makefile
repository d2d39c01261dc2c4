# make run    from a fresh clone to the figures of the main experiment
# make test   from a fresh clone to a green test run
# make answers  every question of docs/answers, each with its page
# Needs Python 3.11 or newer and make; everything is installed into .venv, nothing globally.

PYTHON ?= python3
WORKERS ?= 2
RESULTS ?= results/remedies

ANSWERS := remedies impediments timing screening what_drives_depth when_does_it_turn_strategic robust_policy \
	what_would_have_to_be_true lead_states spoilers member_state

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
PACKAGES := config agents simulation experiments

.DEFAULT_GOAL := help
.PHONY: help install run answers test bench mutation clean

help:
	@echo "make run     run the main experiment (remedies) into $(RESULTS) and draw its figures"
	@echo "make answers run every question of docs/answers into results/ and write a page of each (about 15 minutes)"
	@echo "make test    check style and types, run all tests"
	@echo "make bench   measure speed and memory beside rivals (about 12 minutes; QUICK=1 to see that it works)"
	@echo "make mutation  ask how many small faults the tests catch (about 40 minutes; FAULTS=20 for a quick look)"
	@echo "make install only set up .venv;  make clean: remove .venv and caches, keep results"

install: $(STAMP)

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed: make PYTHON=...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $(STAMP)

run: $(STAMP)
	$(BIN)/partnership run remedies --out $(RESULTS)
	@echo "Figures: $(RESULTS)/figures"

answers: $(STAMP)
	set -e; for question in $(ANSWERS); do \
	  $(BIN)/partnership run $$question --out results/$$question; \
	  $(BIN)/partnership report results/$$question; \
	done

test: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict $(addprefix --package ,$(PACKAGES))
	$(BIN)/pytest -n $(WORKERS)

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint requirements.lock --editable '.[bench]'
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

mutation: $(STAMP)
	$(BIN)/python -m tests.mutation --workers $(WORKERS) $(if $(FAULTS),--limit $(FAULTS) --out build/mutation.json)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
