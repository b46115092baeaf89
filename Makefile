# Two commands, on a machine with Python >= 3.11 (with venv) and make:
#   make demo   sets everything up, measures the sample clients, serves the dashboard on them
#   make test   sets everything up, checks style and types, runs all tests
# and one more, for whoever releases:
#   make audit  the bill of materials, and what is known against the packages of the lock
# Everything is installed into .venv from the locks; nothing is built, nothing else is touched.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip --disable-pip-version-check install --quiet
WORKERS ?= 2

.DELETE_ON_ERROR:
.PHONY: demo test test-long audit check-python browser lock clean

demo: $(VENV)/runtime.stamp
	@$(RUN) -m tracker demo $(DEMO)

test: $(VENV)/dev.stamp browser
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(RUN) -m pytest -n $(WORKERS)

# What says on a larger scale what a shorter test says as well, and a tool of development.
test-long: $(VENV)/dev.stamp browser
	$(RUN) -m pytest -n $(WORKERS) -m long

# 3: nobody answered, which is said and is no failure.
audit: $(VENV)/dev.stamp
	@$(RUN) -m tests.hardening.dependencies || test $$? = 3

check-python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'

$(VENV)/runtime.stamp: requirements.lock pyproject.toml | check-python
	@echo "Setting up $(VENV) for the dashboard and the command line (about 300 MB to download) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes --requirement requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock pyproject.toml | check-python
	@echo "Setting up $(VENV) for the tests (about 400 MB to download) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) --require-hashes --requirement requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $(VENV)/runtime.stamp $@

# The browser journey needs Debian's chromium, the check of DICOM files Debian's dicom3tools:
# installed where that is allowed, else what needs them is skipped, and says so.
browser: | $(VENV)/dev.stamp
	@{ command -v chromium && command -v dciodvfy; } >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	  && echo "Installing chromium and dicom3tools for the tests ..." \
	  && { timeout 600 apt-get update && DEBIAN_FRONTEND=noninteractive timeout 600 \
	    apt-get install --yes --no-install-recommends chromium dicom3tools; } >$(VENV)/apt.log 2>&1; } \
	  || echo "Some tests are skipped: chromium and dicom3tools are not installed and could not be."

# Versions and hashes only: no index, no address. Needs uv.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --quiet $(UPGRADE)
lock:
	$(LOCK) --group build --output-file requirements.lock
	$(LOCK) --group build --extra postgres --extra s3 --extra cluster --constraint requirements.lock \
	  --output-file requirements-cluster.lock
	$(LOCK) --group build --group dev --constraint requirements-cluster.lock \
	  --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) bill-of-materials.cdx.json .mypy_cache .ruff_cache .pytest_cache .hypothesis
