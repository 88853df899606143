# `make demo`: everything from nothing to a 3D video. `make test`: the test suite.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CLIP ?= sample_videos/two_people.mp4

.PHONY: demo test test-browser test-all fuzz lint docs format env clean

demo: env
	$(BIN)/python demo/vis.py --video $(CLIP)

USUAL := not slow and not training and not mmpose and not ultralytics
test: env
	$(BIN)/python -m pytest -n 2 -m "not browser and $(USUAL)"

# The pages in Chromium, which must be installed.
test-browser: env
	$(BIN)/pip install --quiet -c constraints.txt --config-settings editable_mode=compat -e ".[page-tests]"
	$(BIN)/python -m pytest -n 2 -m "browser and $(USUAL)"

test-all: env
	$(BIN)/python -m pytest -n 2 -m "not mmpose and not ultralytics"

# Coverage-guided, over every reader of files; `make fuzz MINUTES=60` for longer.
MINUTES ?= 10
fuzz: env
	$(BIN)/pip install --quiet -c constraints.txt -e ".[fuzz]" --config-settings editable_mode=compat
	$(BIN)/python -m tests.hostile.fuzz --minutes $(MINUTES)

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The pages with the reference, into output/site; a warning is an error.
docs: env
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: env
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

env: $(VENV)/.installed

# torch first and by itself, at the exact version that has a CPU build: a range would let pip take
# gigabytes of CUDA packages.
$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt --config-settings editable_mode=compat -e ".[dev,docs]"
	touch $@

clean:
	rm -rf $(VENV) output
