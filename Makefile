# Two commands from a fresh clone: `make chat` and `make test`. Each makes its own
# .venv and installs what it needs; a second call starts at once.

PYTHON ?= $(firstword $(foreach p,python3.14 python3.13 python3.12 python3.11 python3,$(shell $(p) -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $(p))))
VENV := .venv
BIN := $(VENV)/bin
JOBS := $(shell nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)

# llama.cpp is compiled once, for this machine. Its image part is not used here.
export CMAKE_ARGS ?= -DLLAVA_BUILD=OFF
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(JOBS)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A file's tests stay in one process, where they share their models; the long files begin first.
PYTEST := $(BIN)/python -m pytest -q -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: chat test check picture clean help

chat: $(VENV)/.base  ## chat with the model that comes with latam-edge
	@$(BIN)/latam-edge chat

test: $(VENV)/.dev  ## run every test
	@$(PYTEST)

check: $(VENV)/.dev  ## format, lint, types, layers, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(PYTEST)

picture: $(VENV)/.base  ## make the picture of the chat in docs/img anew
	$(BIN)/latam-edge chat --screenshot docs/img/chat.svg

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer, with its venv module, is needed (Debian: apt install python3-venv)." >&2; exit 1; }
	@echo "Making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --upgrade pip

$(VENV)/.base: $(VENV)/bin/python pyproject.toml
	@echo "Installing latam-edge. The first time, llama.cpp is compiled: about ten minutes of one core." >&2
	@$(BIN)/python -m pip install -q -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.base pyproject.toml
	@echo "Installing what training and tests need." >&2
	@$(BIN)/python -m pip install -q -e ".[dev]"
	@touch $@

clean:  ## remove the environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache build dist

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/'
