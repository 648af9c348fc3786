# Two commands are all a newcomer needs: `make run` and `make test`. docs/operations.md says more.
# make hands variables of the environment and of its command line to every program: make run PORT=8100 DEMO=0
.DEFAULT_GOAL := help
.PHONY: help run install install-dev test lint format lock clean
MAKEFLAGS += --no-print-directory
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --no-emit-index-url \
	--no-header --no-annotate

help:
	@echo "make run      start the service (PORT=8000 HOST=127.0.0.1 DATA_DIR=var DEMO=1), Ctrl-C stops it"
	@echo "make test     linters, types, contracts, migrations, tests"
	@echo "make format   put the code into its form"
	@echo "make lock     choose new versions of the dependencies"
	@echo "make clean    remove what was installed and cached; data stay"

# The shell becomes the service, so that a signal to it or to make reaches the supervisor itself.
run: $(VENV)/.installed
	@exec $(BIN)/python manage.py serve

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.lock
	@set -e; $(FIND_PYTHON); $(MAKE_VENV); $(INSTALL); install requirements.lock; touch $@

$(VENV)/.installed-dev: requirements-dev.lock requirements.lock
	@set -e; $(FIND_PYTHON); $(MAKE_VENV); $(INSTALL); install requirements-dev.lock; touch $(VENV)/.installed $@

# Linters and types run side by side; the tests come last, so that their count is the last line.
test: install-dev
	@PYTHON=$(BIN)/python sh .ci/checks
	@$(BIN)/python -m pytest -n auto --dist loadgroup

lint: install-dev
	@PYTHON=$(BIN)/python sh .ci/checks

format: install-dev
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
	@$(COMPILE) --upgrade pyproject.toml --output-file requirements.lock
	@$(COMPILE) --upgrade --constraints requirements.lock pyproject.toml --group dev --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A name on the path may be a launcher for a version that is not there, so each candidate has to run. One that
# cannot make virtual environments is passed over when there is a better one.
define FIND_PYTHON
found=; poor=; \
for name in $${PYTHON:-python3.13 python3.12 python3.11 python3 python3.14}; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	if "$$name" -c 'import venv, ensurepip' 2>/dev/null; then found=$$name; break; fi; \
	poor=$${poor:-$$name}; \
done; \
if [ -z "$$found" ] && [ -n "$$poor" ] && command -v uv >/dev/null; then found=$$poor; fi; \
if [ -z "$$found" ] && [ -n "$$poor" ]; then \
	echo "$$poor cannot make virtual environments: install its venv package (Debian: apt install python3-venv)" >&2; \
	exit 1; \
fi; \
if [ -z "$$found" ]; then echo "Python 3.11 or newer is needed and was not found: install it, or say PYTHON=path" >&2; exit 1; fi
endef

define MAKE_VENV
if ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	echo "making $(VENV) with $$found"; rm -rf $(VENV); \
	if command -v uv >/dev/null; then uv venv --quiet --python "$$found" $(VENV); else "$$found" -m venv $(VENV); fi; \
fi
endef

# Compiled at once, also where the environment forbids it later: each start would pay for it again.
define INSTALL
install() { \
	echo "installing $$1"; \
	if command -v uv >/dev/null; then \
		uv pip install --quiet --python $(BIN)/python --compile-bytecode --requirement "$$1"; \
	else \
		env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement "$$1"; \
	fi; \
}
endef
