# make demo    watch faxes arrive, without an account (Ctrl-C ends it)
# make test    all tests
# make texts   collect all texts for office people in docs/texts.md
# make dist    the wheel and the source archive (docs/release.md)
# make lint types bench lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test texts lint types bench lock clean

demo: $(VENV)/.run
	$(BIN)/python -m faxd demo $(ARGS)

# Most of them wait for something, so that several run at a time; those that measure time or memory
# run by themselves (pytest's 5: there is none among those that ARGS names).
test: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not alone" -n 4 --dist worksteal $(ARGS)
	$(BIN)/python -m pytest -m alone $(ARGS) || [ $$? = 5 ]

texts: $(VENV)/.dev
	$(BIN)/python -m tests.catalogue

# Boots a systemd made of Debian's packages: as root, with debootstrap and systemd-container.
# About a minute, and two more the first time.
.PHONY: test-systemd
test-systemd: $(VENV)/.dev
	FAXD_TEST_SYSTEMD=1 $(BIN)/python -m pytest tests/systemd $(ARGS)

# Builds the Dockerfile and runs it: as root, with buildah and debootstrap. Some four minutes.
.PHONY: test-container
test-container: $(VENV)/.dev
	FAXD_TEST_CONTAINER=1 $(BIN)/python -m pytest -s tests/container $(ARGS)

# Kills, errors and power cuts at every point: as root, with strace, e2fsprogs and xfsprogs. At most
# 20 minutes; ARGS=--short takes 4, ARGS="kill power-xfs" only these.
.PHONY: test-faults
test-faults: $(VENV)/.dev
	$(BIN)/python -m tests.faults $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.dev
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

# The wheel and the source archive, the same bytes wherever they are made of one commit.
.PHONY: dist
dist: $(VENV)/.dev
	rm -rf dist
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -d dist
	@ls -l dist

# Needs the tool uv. No line of the result names a place to download from.
lock:
	uv pip compile $(LOCK) pyproject.toml -o requirements.lock
	uv pip compile $(LOCK) --group dev -c requirements.lock pyproject.toml -o tests/requirements.lock
LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url

clean:
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "faxd needs Python 3.11 or later: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "No virtual environment could be made. On Debian: apt install python3-venv"; exit 1; }

# What faxd needs to run, from the lock, and the way to faxd itself: the processes that open
# documents look for it where installed packages are, and nowhere else.
$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	$(PIP) install --require-hashes -r requirements.lock
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | \
		{ read -r site && echo "$(CURDIR)" >"$$site/faxd-here.pth"; }
	@touch $@

# That, the tools of the tests, and faxd itself, taken from this folder.
$(VENV)/.dev: tests/requirements.lock pyproject.toml $(VENV)/.run
	$(PIP) install --require-hashes -r tests/requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
