# One command each: `make lab` to learn, `make test` to check; `make` alone tells them all. Each installs what it needs
# into .venv first, and only when pyproject.toml has changed since; whatever environment is active makes no difference.

VENV ?= .venv
# Further options for JupyterLab, as in  make lab LAB_ARGS="--port 9999"
LAB_ARGS ?=
# Further options for pytest, as in  make unit PYTEST_ARGS="-x -k suspend"
PYTEST_ARGS ?=
# Processes that share the tests; 0 runs them in one, as a debugger needs it
WORKERS ?= 2

# Further options for the proof, as in  make prove PROVE_ARGS="--seconds 600"
PROVE_ARGS ?=

PY := $(VENV)/bin/python
PYTEST := $(PY) -m pytest
# A file's tests stay together, a notebook's cells on one kernel; files keep their order, for browser tests come last.
SHARED := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
START := notebooks/00-start-here.ipynb
NOTEBOOKS = $(wildcard notebooks/*.ipynb)
CODE := taskpool visualize tests tools

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help lab test lint types pytest unit browser coverage prove notebooks site still format chromium sipp clean

# Another environment's settings would reach into ours.
unexport PYTHONHOME PYTHONPATH PIP_USER PIP_TARGET PIP_PREFIX
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:
	@echo "make lab         open JupyterLab at $(START)"
	@echo "make test        everything below: lint, types, unit tests, notebooks, browser tests"
	@echo "make lint        ruff: rules and layout"
	@echo "make types       mypy, strict"
	@echo "make unit        the unit tests alone"
	@echo "make browser     the tests in a live JupyterLab alone"
	@echo "make coverage    the unit tests, and which lines they never reach"
	@echo "make prove       explore every schedule of thousands of small programs; up to two hours, resumable"
	@echo "make notebooks   run all notebooks and save their outputs in place"
	@echo "make site        the lessons as pages to read without Jupyter, in site/"
	@echo "make still       draw README's picture anew, from a run"
	@echo "make format      mend what ruff can mend"
	@echo "make clean       remove .venv, caches and builds"

lab: $(VENV)/.lab
	@set -- "--ServerApp.root_dir=$(CURDIR)" "--LabApp.default_url=/lab/tree/$(START)"; \
	if [ "$$(uname)" != Darwin ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then set -- "$$@" --no-browser; fi; \
	if [ "$$(id -u)" = 0 ]; then set -- "$$@" --allow-root; fi; \
	exec $(PY) -m jupyterlab "$$@" $(LAB_ARGS)

# Every part runs even when one before it failed; the exit code tells of any.
test: $(VENV)/.test chromium sipp
	@$(MAKE) --no-print-directory --keep-going lint types pytest

lint: $(VENV)/.test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: $(VENV)/.test
	$(PY) -m mypy

pytest: $(VENV)/.test
	$(PYTEST) $(SHARED) --nbval --nbval-current-env $(PYTEST_ARGS) tests $(NOTEBOOKS)

unit: $(VENV)/.test
	$(PYTEST) $(SHARED) -m "not browser" $(PYTEST_ARGS) tests

browser: $(VENV)/.test chromium
	$(PYTEST) $(SHARED) -m browser $(PYTEST_ARGS) tests/browser

coverage: $(VENV)/.test
	$(PYTEST) -m "not browser" --cov --cov-report=term --cov-report=html $(PYTEST_ARGS) tests

prove: $(VENV)/.test
	$(PY) -m tests.proof.prove $(PROVE_ARGS)

notebooks: $(VENV)/.test
	$(PY) tools/notebooks.py $(NOTEBOOKS)

site: $(VENV)/.test
	$(PY) tools/site.py site

still: $(VENV)/.test
	$(PY) tools/still.py docs/comparison.svg

format: $(VENV)/.test
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean:
	rm -rf $(VENV) build dist site htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.lab $(VENV)/.test: $(VENV)/.%: pyproject.toml | $(PY)
	@echo "Installing the extra '$*' into $(VENV): a minute or two the first time"
	@$(PY) -m pip install --quiet --prefer-binary --editable '.[$*]'
	@touch $@ $(if $(filter test,$*),$(VENV)/.lab)  # what tests need includes the lab

# The first Python on the path that is new enough; PYTHON=... names another.
$(PY):
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	        package=$$("$$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])'); \
	        echo "$$python cannot create virtual environments: install its venv module, as in  apt-get install $$package" >&2; \
	        exit 1; \
	    fi; \
	    echo "Creating $(VENV) with $$("$$python" --version)"; \
	    exec "$$python" -m venv --clear $(VENV); \
	done; \
	echo "No Python 3.11 or newer was found: install one, as in  apt-get install python3 python3-venv , or name it with  make PYTHON=/path/to/python" >&2; \
	exit 1

# Where the system's package manager may be used, it brings the browser; Ubuntu has none outside a snap, Playwright does.
chromium: $(VENV)/.test
	@for browser in chromium chromium-browser google-chrome google-chrome-stable; do \
	    "$$browser" --version >/dev/null 2>&1 && exit 0; \
	done; \
	$(PY) -c "$$OWN_BROWSER" && exit 0; \
	if [ "$$(id -u)" = 0 ]; then root=env; else root="sudo -n env"; fi; \
	if command -v apt-get >/dev/null && $$root true 2>/dev/null; then \
	    echo "Installing Chromium for the browser tests"; \
	    { $$root apt-get update -qq && \
	      $$root DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium fonts-liberation; \
	    } </dev/null >/dev/null 2>&1 && exit 0; \
	    $(PY) -m playwright install --with-deps chromium </dev/null && exit 0; \
	fi; \
	echo "No Chromium: the browser tests are left out. Install it with  apt-get install chromium  (Debian) or  $(PY) -m playwright install --with-deps chromium" >&2

# The SIP client that the last lesson and some tests use where it is there.
sipp:
	@command -v sipp >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ]; then root=env; else root="sudo -n env"; fi; \
	if command -v apt-get >/dev/null && $$root true 2>/dev/null; then \
	    echo "Installing sipp, a SIP client, for the tests"; \
	    { $$root apt-get update -qq && \
	      $$root DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends sip-tester; \
	    } </dev/null >/dev/null 2>&1 && exit 0; \
	fi; \
	echo "No sipp: a client of our own calls in its place. Install it with  apt-get install sip-tester" >&2

define OWN_BROWSER
import pathlib, sys
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    sys.exit(not pathlib.Path(playwright.chromium.executable_path).exists())
endef
export OWN_BROWSER
