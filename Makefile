# Every target makes .venv by itself when it is missing or older than what it is made from.
PYTHON ?= python3
BIN := .venv/bin
DATA := out/demo
RUN := out/bench
METHODS := leaderboard
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F':.*## ' '/^[a-z%-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c constraints.txt setuptools wheel
	$(BIN)/pip install -q -c constraints.txt --no-build-isolation -e ".[dev]"
	@touch $@

install: .venv/.made ## make the virtual environment

data: .venv/.made ## build the demo data set from the embedded raws
	$(BIN)/datagen build demo -o $(DATA)

bench: data ## score the leaderboard's methods on the demo's test scenes, and print it
	$(BIN)/benchmarks run --data $(DATA) --out $(RUN) --methods $(METHODS) --references fusion
	$(BIN)/benchmarks report $(RUN)

bench-full: $(if $(filter out/demo,$(DATA)),data) .venv/.made ## every row, against every reference, and timed; resumes; DATA=out/mine for another set
	$(BIN)/benchmarks run --data $(DATA) --out $(RUN) --methods all --estimate
	$(BIN)/benchmarks run --data $(DATA) --out $(RUN) --methods all
	$(BIN)/benchmarks time --run $(RUN) --sizes 256 1mp --budget 5
	$(BIN)/benchmarks report $(RUN)

test: .venv/.made ## run the tests
	$(BIN)/python -m pytest -q -n auto

test-slow: .venv/.made ## run the long tests too
	$(BIN)/python -m pytest -q -n auto -m "slow or not slow"

lint: .venv/.made ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

HDRI := hdri
TRAINED := out/train
train: .venv/.made ## train every row in rounds until it stops improving; resumes: make train HDRI=folder
	$(BIN)/benchmarks train-all --source $(HDRI) --out $(TRAINED)

bench-stream: .venv/.made ## measure streamed pairs beside stored ones and a training step: HDRI=folder
	$(BIN)/python -m tests.speed.stream $(HDRI)

bench-%: .venv/.made ## measure speed beside peers: luts pictures raw build metrics baselines models recolour harness studio
	$(BIN)/python -m tests.speed.$*

library: .venv/.made ## make the hand-crafted LUTs again from their recipes
	$(BIN)/python -m luts.make.bake_library

lamps: .venv/.made ## fit the lamps' matrices again: needs the spectra of colour-science
	$(BIN)/python -m luts.make.make_lamps

samples: .venv/.made ## make the embedded raws again: make samples SOURCES=folder
	$(BIN)/python -m datagen.camera.make_samples $(SOURCES)

docs: .venv/.made ## print the tables of docs/ from the tables of the code
	$(BIN)/python -m docs.tables

# What is not there keeps its earlier numbers.
results: .venv/.made ## print the pages of results: RUN=folder of bench-full TRAINED=folder of train
	$(BIN)/python -m docs.gather scores $(RUN)
	$(BIN)/python -m docs.gather failures $(RUN)
	$(if $(wildcard $(RUN)/timing/timing.csv),$(BIN)/python -m docs.gather cost $(RUN))
	$(if $(wildcard $(TRAINED)),$(BIN)/python -m docs.gather curves $(TRAINED))
	$(BIN)/python -m docs.gather draw-curves
	$(BIN)/python -m docs.tables

clean: ## remove everything generated, the virtual environment too
	rm -rf out build dist *.egg-info .venv

.PHONY: help install data bench bench-full test test-slow lint train bench-stream library lamps samples docs results clean
