# Everything a developer types. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
PY ?= python3
UV_VERSION := 0.13.9
UV := $(shell command -v uv 2>/dev/null || echo .tools/uv/bin/uv)
RUN := .venv/bin/
SCALE ?= small
WORKERS ?= 2
export QANAT_TEST_SCALE := $(SCALE)
SETUP := .venv/.synced
WEB := src/qanat/web/.built
WEB_SOURCES := $(shell find ui -path ui/node_modules -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup demo serve fmt lint types imports ui packages test fuzz bench check clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

setup: $(SETUP) ## install everything into .venv

.tools/uv/bin/uv:
	$(PY) -m venv .tools/uv
	.tools/uv/bin/python -m pip install --quiet uv==$(UV_VERSION)

$(SETUP): pyproject.toml uv.lock | $(if $(filter .tools/uv/bin/uv,$(UV)),.tools/uv/bin/uv)
	$(UV) sync --frozen --quiet --python $(PY)
	@touch $(SETUP)

$(WEB): $(SETUP) $(WEB_SOURCES)
	$(RUN)python hatch_build.py
	@touch $(WEB)

ui: $(WEB) ## build the web application for this working tree

demo: $(WEB) ## sample data, a real pipeline, its results; keeps serving (ONCE=1: ends by itself)
	$(RUN)qanat demo $(if $(ONCE),--once)

serve: $(WEB) ## start the server on the default data directory
	$(RUN)qanat serve

fmt: $(SETUP) ## format the code
	$(RUN)ruff format src tests bench hatch_build.py
	$(RUN)ruff check --fix src tests bench hatch_build.py

lint: $(WEB) ## style, of Python and TypeScript
	$(RUN)ruff format --check src tests bench hatch_build.py
	$(RUN)ruff check src tests bench hatch_build.py
	$(RUN)python hatch_build.py run check

types: $(SETUP) ## mypy, strict
	$(RUN)mypy

imports: $(SETUP) ## which module may import which
	$(RUN)lint-imports --no-cache

packages: ## system packages that the tests need (as root; otherwise says what to type)
	.ci/packages

test: $(WEB) packages ## every test, with real parts (SCALE=full: the long repetitions)
	$(RUN)python hatch_build.py run test
	$(RUN)pytest -n $(WORKERS) --dist loadfile

fuzz: $(SETUP) ## the API against its own document, 100,000 cases in four parts (SEED=3: one of them)
	QANAT_TEST_SCALE=full $(RUN)pytest tests/integration/test_fuzz_api.py -rP \
	    $(if $(SEED),-n0 -k "[$(SEED)]",-n $(WORKERS) --dist load)

bench: $(WEB) ## the benchmarks, each beside its baseline
	$(UV) sync --frozen --quiet --python $(PY) --group bench
	for script in overhead work results api ui; do $(RUN)python bench/$$script.py; done

check: lint types imports test ## what CI runs

clean: ## remove what was built
	rm -rf .venv .tools .demo dist ui/node_modules src/qanat/web
