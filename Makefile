# Starcast: `make` alone lists what there is to make.
# Needs GNU make and Python 3.11 or newer; everything else is installed into $(VENV).

PYTHON ?= python3
VENV ?= .venv
BENCH_VENV ?= .venv-bench
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

# One stamp per set of extras. A stamp newer than both files means that pip has nothing to do, so
# that every target works offline from the second time on.
DEMO_INSTALLED := $(VENV)/.installed-demo
TEST_INSTALLED := $(VENV)/.installed-test
DOCS_INSTALLED := $(VENV)/.installed-docs
RELEASE_INSTALLED := $(VENV)/.installed-release
REQUIREMENTS := pyproject.toml constraints.txt
BENCH_INSTALLED := $(BENCH_VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test docs dist bench format clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO_INSTALLED) ## install, train every model, write reports/ml-latest-small/
	$(BIN)/starcast compare

# Hundreds of tests start processes: each would compile the source where Python may not write.
test: $(TEST_INSTALLED) ## install the test needs; check format, lint and types; run the tests; ALL=1: the long ones too
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m compileall -q src
	$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile $(if $(ALL),,-m 'not long')

docs: $(DOCS_INSTALLED) ## build the documentation, build/site; a broken link or an unknown anchor fails
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --conf-dir docs . build/site
	@echo "build/site/docs/index.html"

dist: $(RELEASE_INSTALLED) ## build wheel and sdist, try them in empty environments, list all they need (SBOM); dist/
	rm -rf dist
	$(BIN)/python -m build --quiet
	$(BIN)/twine check --strict dist/*
	$(BIN)/python tools/try_release.py dist/*.whl dist/*.tar.gz --sbom dist/sbom.cdx.json

bench: $(BENCH_INSTALLED) ## measure Starcast beside its alternatives, write docs/benchmarks.md; ONLY=train,top: some of it
	$(BENCH_VENV)/bin/python -m benchmarks \
	  $(if $(ONLY),--only $(ONLY)) $(if $(DATA_DIR),--data-dir $(DATA_DIR)) $(if $(QUICK),--quick)

format: $(TEST_INSTALLED) ## rewrite the code in the house format and fix what ruff can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove caches and build results, but neither .venv nor your data, models and reports
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEMO_INSTALLED): $(REQUIREMENTS) | $(BIN)/python
	@echo "installing Starcast into $(VENV); the first time takes a minute or two and 0.8 GB"
	@$(PIP_INSTALL) -e '.[board]'
	@touch $@

$(TEST_INSTALLED): $(REQUIREMENTS) | $(BIN)/python
	@echo "installing Starcast and its test needs into $(VENV); the first time takes a minute or two"
	@$(PIP_INSTALL) -e '.[test]'
	@touch $(DEMO_INSTALLED) $@

$(DOCS_INSTALLED): $(REQUIREMENTS) | $(BIN)/python
	@echo "installing Starcast and what builds its documentation into $(VENV)"
	@$(PIP_INSTALL) -e '.[docs]'
	@touch $@

$(RELEASE_INSTALLED): $(REQUIREMENTS) | $(BIN)/python
	@echo "installing what builds a release into $(VENV)"
	@$(PIP_INSTALL) -e '.[release]'
	@touch $@

# The alternatives live here and nowhere else: versions of their own, none of them a need of ours.
$(BENCH_INSTALLED): pyproject.toml benchmarks/requirements.txt | $(BENCH_VENV)/bin/python
	@echo "installing Starcast and its alternatives into $(BENCH_VENV); it takes some minutes and 3 GB or more"
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
	  -r benchmarks/requirements.txt -e .
	@touch $@

# A half-made environment would look finished the next time, hence the rm.
%/bin/python:
	@command -v $(PYTHON) >/dev/null \
	  || { echo "no '$(PYTHON)' found: install Python 3.11 or newer, or say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Starcast needs Python 3.11 or newer; say make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "this Python cannot make virtual environments: install its venv package (on Debian: python3-venv)" >&2; exit 1; }
	@$(PYTHON) -m venv $* || { rm -f $@; exit 1; }
