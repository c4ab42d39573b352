# `make help` lists the targets. Set-up happens by itself, once, and again when its inputs change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
SOURCES := $(wildcard solutions/*/*.ipynb)
LECTURE ?=
TESTS ?= tests
CONSTRAINTS ?= constraints.txt
SEED := $(or $(SEED),$(shell date +%s))

# Tests and stored outputs: one thread a process, no progress bars, the CPU, whatever the machine has.
QUIET := OMP_NUM_THREADS=1 DGM_QUIET=1 DGM_DEVICE=cpu MPLBACKEND=Agg PYTHONHASHSEED=0
PYTEST := $(QUIET) $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
NBVAL := $(QUIET) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --nbval \
	--nbval-cell-timeout 1200 --nbval-kernel-startup-timeout 300
NORMALIZE := $(BIN)/nbstripout --keep-output --keep-id --extra-keys "metadata.widgets metadata.language_info.version \
	metadata.language_info.codemirror_mode metadata.language_info.file_extension metadata.language_info.mimetype \
	metadata.language_info.nbconvert_exporter metadata.language_info.pygments_lexer cell.metadata.execution"
# Jupyter refuses to run as root, the user of most containers, without this option.
ROOT_ARGS := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help setup lab test test-fast test-slow test-random test-pytest-notebook notebooks normalize release validate grade-demo docs lint format lock hooks links clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.done ## install everything into .venv (the other targets do this by themselves)

$(VENV)/.done: pyproject.toml $(CONSTRAINTS)
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name it with 'make PYTHON=/path/to/python3'."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed and $(PYTHON) is $$($(PYTHON) -V 2>&1): install a newer one, or name it with 'make PYTHON=python3.12'."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) lacks its venv module: on Debian or Ubuntu, 'apt-get install python3-venv' adds it."; exit 1; }
	@echo "Setting up $(VENV): this takes a few minutes, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS) --editable '.[dev]'
	@touch $@

lab: setup ## open JupyterLab on the first lecture (LAB_ARGS=--no-browser, --port=…)
	$(BIN)/jupyter lab $(ROOT_ARGS) --ServerApp.root_dir=lectures --LabApp.default_url=/lab/tree/00_welcome/welcome.ipynb $(LAB_ARGS)

test: setup ## all tests: code, student versions, answer bank, every notebook against its stored outputs
	@code=passed; notebooks=passed; \
	$(PYTEST) -m "not slow" tests || code=FAILED; \
	$(NBVAL) solutions || notebooks=FAILED; \
	printf '%s\n' "tests of the code: $$code" "notebooks: $$notebooks"; \
	test "$$code $$notebooks" = "passed passed"

test-fast: setup ## tests without notebooks and simulations, and the security core: attacks and the walls against them
	$(PYTEST) -m "not slow and (security or not (notebook or simulation))" tests

test-slow: setup ## what `make test` leaves out: the answer bank with twenty seeds, long simulations
	$(PYTEST) -m slow tests

test-random: setup ## tests of the code in random order (SEED=N repeats one, TESTS=tests/models for a part)
	@$(PYTEST) -p randomly --randomly-seed=$(SEED) -m "not slow" $(TESTS) && result=passed || result=FAILED; \
	echo "$$result in the order of 'make test-random TESTS=\"$(TESTS)\" SEED=$(SEED)'"; \
	test $$result = passed

test-pytest-notebook: setup ## one notebook by pytest-notebook instead of nbval (to be installed first)
	$(QUIET) $(BIN)/python -m pytest -c tests/pytest_notebook.ini --rootdir . -p no:nbval --nb-test-files --nb-exec-timeout 300 \
		solutions/00_welcome/welcome.ipynb

notebooks: setup ## execute the notebooks of solutions/ (LECTURE=08 for one) and store their outputs
	$(QUIET) $(BIN)/jupyter nbconvert --to notebook --execute --inplace --ExecutePreprocessor.timeout=300 $(wildcard solutions/$(LECTURE)*/*.ipynb)
	@$(BIN)/jupyter nbconvert --log-level WARN --to notebook --inplace --coalesce-streams $(wildcard solutions/$(LECTURE)*/*.ipynb)
	@$(MAKE) --no-print-directory normalize

normalize: setup ## strip execution counts and machine-dependent metadata from solutions/
	@$(NORMALIZE) $(SOURCES)

release: setup ## regenerate the student versions in lectures/ from solutions/
	$(BIN)/autograder release $(LECTURE)

validate: setup ## sources earn full points, student versions none, the answer bank as labeled
	$(BIN)/autograder validate $(LECTURE)

grade-demo: setup ## grade a demo class through nbgrader, print its points, write feedback pages
	$(BIN)/autograder grade-demo $(LECTURE)

docs: setup ## regenerate docs/models.md from the code
	$(QUIET) $(BIN)/python docs/generate.py

lint: setup ## check style of code and notebooks; changes nothing
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@git ls-files | xargs $(BIN)/codespell || { echo "American spelling, please: '.venv/bin/codespell -w FILE' fixes a file."; exit 1; }
	@$(NORMALIZE) --verify $(SOURCES) || { echo "Some notebooks are not normalized: 'make normalize' fixes that."; exit 1; }

format: setup ## format code and notebooks, fix what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@$(NORMALIZE) $(SOURCES)

lock: setup ## rewrite constraints.txt from the packages installed in .venv
	$(BIN)/python -m pip freeze --exclude-editable | sed -E 's/\+(cpu|cu[0-9]+)//' > constraints.txt

hooks: setup ## install the pre-commit hooks and readable notebook diffs into this clone
	$(BIN)/pre-commit install
	$(BIN)/nbdime config-git --enable

links: setup ## print Colab and Binder links for every lecture (REPOSITORY=owner/name)
	@$(BIN)/python -m autograder.notebooks.links $(REPOSITORY)

clean: ## remove .venv and everything that tests, tools and grading leave behind
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis gradebook.db submitted autograded feedback reports .grading
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
