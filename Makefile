# Targets for readers, students and instructors. `make` alone lists them.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python from 3.11 to 3.13 that runs; `make PYTHON=/path/to/python3.12 …` names another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready
NOTEBOOKS := _build/source/.built
BOOK_URL ?=
SEEDS ?= 50

# Else each of the thousand processes of a test run would compile the project's modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test book notebooks student-repo assignments bench bench-figures exam-table seeds kills training-bar mutation experiments links lint browser-deps student-wheel clean

help: ## list what make can do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: $(READY) $(NOTEBOOKS) ## the main job: build the book, release an assignment, grade a class of 24, write its pages
	@COURSE_BOOK_URL=../../../../html $(MAKE) --no-print-directory book
	@$(BIN)/python -m autograder.demo

test: $(READY) $(NOTEBOOKS) ## the tests (ALL=1: nothing is drawn, an hour; those in a browser need `make browser-deps` first)
	@$(BIN)/python -m autograder.exam_tables --check
	TEST_ALL=$(ALL) $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder --durations=15
	@$(BIN)/python -m autograder.slow_checks

book: $(READY) ## the readers' book (_build/html) and the instructors' site (_build/instructors); warnings are errors
	@$(BIN)/python book/build.py

notebooks: book ## each page of a chapter as a clean notebook, in _build/notebooks

student-repo: book ## what students get, book and package included, without solutions and hidden tests, in dist/student
	@$(BIN)/python book/student_copy.py

assignments: $(READY) ## notebooks from solutions/: assignments/ (checked in) and _build/source/
	$(BIN)/python -m autograder.release

bench: $(READY) $(NOTEBOOKS) ## stock nbgrader and this grader on one class, side by side; a row in the README
	$(BIN)/python benchmarks/grading.py

bench-figures: book ## how long a frame of each live figure takes, in Chromium (some minutes; FIGURES="cat patches" measures these)
	@PYTHONPATH=book $(BIN)/python benchmarks/figures.py $(FIGURES)

exam-table: $(READY) ## examine the implementations that changed (ALL=1: all; ONE=convolution/wrong/conv_flipped: this one)
	@OMP_NUM_THREADS=1 $(BIN)/python -m autograder.exam_tables $(if $(ALL),--all) $(ONE) $(if $(SALT),--salt "$(SALT)")

seeds: $(READY) ## examine every implementation with fifty seeds (six hours; SEEDS=10: with ten)
	@OMP_NUM_THREADS=1 $(BIN)/python -m autograder.exam_tables.seeds $(SEEDS)

kills: $(READY) $(NOTEBOOKS) ## kill a run of the grader a hundred times, and finish it (ten minutes)
	$(BIN)/python -m pytest -m slow tests/grading_a_class/test_kill.py
	@$(BIN)/python -m autograder.slow_checks kills "100 kills, nothing lost, nothing twice"

training-bar: $(READY) $(NOTEBOOKS) ## train assignment 06's reference with 5 seeds and set the mean IoU that it states
	$(BIN)/python benchmarks/training_bar.py

mutation: $(READY) ## mutate the reference solutions; every survivor is killed or explained
	$(BIN)/python tests/mutation/run.py

experiments: $(READY) ## run the book's trainings with several seeds whose code has changed (all: forty minutes)
	@PYTHONPATH=book $(BIN)/python -m experiments.running

links: $(READY) ## follow the book's links to other hosts (needs a network)
	$(BIN)/jupyter-book config sphinx . > /dev/null
	PYTHONPATH=book/_ext $(BIN)/sphinx-build -q -b linkcheck . _build/linkcheck

lint: $(READY) ## style, types, and sentences that are hard to read
	$(BIN)/python book/prose.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

browser-deps: ## what the browser tests need, from Debian (root or sudo)
	@if command -v chromium > /dev/null; then echo "chromium is there: $$(command -v chromium)"; else \
	  root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$root apt-get update -q && $$root apt-get install -y -q --no-install-recommends chromium fonts-dejavu-core fonts-noto-core; fi

student-wheel: $(READY) ## the package that students import, as a wheel in dist/ and beside each notebook
	$(BIN)/python -m autograder.student_wheel

clean: ## remove what was built (not .venv)
	rm -rf _build dist build *.egg-info

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.13 found. Install one, or name it: make PYTHON=/path/to/python3.12 …" >&2; exit 2; }
	@echo "Setting up .venv with $(PYTHON): about 3 GB to fetch the first time, 7 GB on disk."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(NOTEBOOKS): $(READY) $(wildcard solutions/*.py) autograder/release.py
	@$(BIN)/python -m autograder.release
	@touch $@
