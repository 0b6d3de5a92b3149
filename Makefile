# One command each: `make test` installs what the tests need and runs them.
VENV ?= .venv
PY := $(VENV)/bin/python

.PHONY: help test clean
help:
	@echo "make test   install what the tests need and run them"
	@echo "make clean  remove the virtual environment and caches"

$(VENV)/.installed: pyproject.toml
	python3 -m venv $(VENV) || { echo "python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(PY) -m pip install --disable-pip-version-check --quiet --prefer-binary -e '.[test]'
	touch $@

test: $(VENV)/.installed
	$(PY) -m pytest

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
