# What a checkout can do. `make` alone lists it; every target sets up .venv first, and only when something changed.
#
#   make demo                     the claim table of the sample paper with reports in out/, and a smoke reproduction in runs/
#   make test                     the test suite
#   make PYTHON=python3.12 test   with an interpreter of your choice, 3.11 or later

VENV := .venv
BIN := $(VENV)/bin
PAPER ?= tests/data/sample/paper.pdf
OUT ?= out
RUNS ?= runs
PROCESSES ?= 2
PYTEST_ARGS ?=

# The interpreter behind .venv, else the first one that is new enough.
RECENT := import sys; sys.exit(sys.version_info < (3, 11))
ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell for name in $(BIN)/python python3 python3.11 python3.12 python3.13 python3.14 python; do \
	"$$name" -c '$(RECENT)' 2>/dev/null && { echo "$$name"; break; }; done)
endif
# One stamp a version: another interpreter, or a change to what is installed, makes the environment anew.
STAMP := $(VENV)/.installed-$(shell "$(PYTHON)" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help install demo demo-table demo-reproduce test test-all lint format readme reports clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

install: $(STAMP) ## Set up .venv with everything pinned in constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@"$(PYTHON)" -c '$(RECENT)' 2>/dev/null || \
		{ echo "claimcheck needs Python 3.11 or later, and '$(PYTHON)' is not: make PYTHON=/path/to/python3 $(MAKECMDGOALS)" >&2; exit 2; }
	@case "$(PYTHON)" in $(BIN)/*) ;; *) "$(PYTHON)" -m venv --clear $(VENV) ;; esac
	@rm -f $(VENV)/.installed-*
	@echo "Installing into $(VENV) (the first time takes minutes)" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: demo-table demo-reproduce ## Check the claims of the sample paper, then rerun the smoke experiments

demo-table: $(STAMP) ## Check the claims of the sample paper and write reports to out/
	@$(BIN)/claimcheck table $(PAPER) --offline --out $(OUT) --format html,tex
	@echo
	@echo "Written:"
	@ls -1 $(OUT)/*-"$$($(BIN)/python -c 'import hashlib, pathlib, sys; \
		print(hashlib.sha256(pathlib.Path(sys.argv[1]).read_bytes()).hexdigest()[:8])' $(PAPER))"/*

demo-reproduce: $(STAMP) ## Rerun the smoke experiments in runs/ and judge their claims; minutes on 2 cores
	@echo
	@echo "Rerunning the smoke experiments (a synthetic world; a second call repeats nothing):"
	@$(BIN)/claimcheck reproduce run 2005.13013 --scale smoke --out $(RUNS)

test: $(STAMP) ## Run the tests, but for the slow ones
	@$(BIN)/python -m pytest -n $(PROCESSES) -m "not slow" $(PYTEST_ARGS)

test-all: $(STAMP) ## Run all tests
	@$(BIN)/python -m pytest -n $(PROCESSES) $(PYTEST_ARGS)

lint: $(STAMP) ## Check style, types and spelling
	@failed=; \
	for check in "ruff check ." "ruff format --check ." mypy codespell; do \
		echo "$$check"; $(BIN)/$$check || failed="$$failed, $$check"; \
	done; \
	[ -z "$$failed" ] || { echo "failed: $${failed#, }" >&2; exit 1; }

format: $(STAMP) ## Put the code into its format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

readme: $(STAMP) ## Run the commands of the README anew and put in what they print
	@$(BIN)/python benchmarks/readme_output.py

reports: $(STAMP) ## Rebuild the published reports in reports/ from the sample papers and the recorded runs
	@$(BIN)/python reports/rebuild.py

clean: ## Remove the environment, caches and build results; the cache of papers stays
	rm -rf $(VENV) $(OUT) $(RUNS) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
