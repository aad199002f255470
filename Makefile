# The front door: `make demo` and `make test` need Python 3.11+, git, make and a network to the package index.
PYTHON ?= python3
VENV := .venv
WORKERS ?= 2
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help demo test test-site lint types docs site bench bench-site bench-relevance clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/.made: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.made
	$(PIP) install --editable '.[parquet,tokens,site,zh,dev]'
	touch $@

# A browser for the tests of the site; where none can be had, those tests are skipped (under CI they fail).
$(VENV)/.browser: $(VENV)/.dev
	$(BIN)/python -m tests.site.browser $@

$(VENV)/.bench: $(VENV)/.dev
	$(PIP) install --editable '.[bench]'
	touch $@

demo: $(VENV)/.made  ## environment, install, registry from the embedded catalog, the main search
	$(BIN)/catalog init
	@echo
	$(BIN)/catalog search --domain medical --task sft --facets --limit 12
	@echo
	@echo "Next: $(BIN)/catalog show medqa"
	@echo "      $(BIN)/catalog search 医疗 对话"
	@echo "      $(BIN)/catalog fetch openwebtext --dry-run"
	@echo "      $(BIN)/catalog sync huggingface --limit 10000"
	@echo "      make site && $(BIN)/catalog site serve"

test: $(VENV)/.dev $(VENV)/.browser  ## lint, types, docs and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

test-site: $(VENV)/.dev $(VENV)/.browser  ## the tests of the static site alone, in a real browser
	$(BIN)/python -m pytest tests/site

lint: $(VENV)/.dev  ## lint and format check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev  ## strict type check
	$(BIN)/mypy

docs: $(VENV)/.dev  ## write the shown outputs and the reference anew, build the documentation into site/_build
	$(BIN)/python -m tests.docs_tool
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

site: $(VENV)/.dev registry.db  ## build the static site into site/public (BASE_URL=https://… for sitemap and feeds)
	$(BIN)/catalog site build --registry registry.db $(if $(BASE_URL),--base-url $(BASE_URL))

registry.db: $(VENV)/.made
	test -f $@ || $(BIN)/catalog init --registry $@

bench: $(VENV)/.bench  ## measure at 100k rows (ROWS=1000000 for the published figures) into bench/README.md
	$(BIN)/python -m bench.run --rows $(or $(ROWS),100000)

bench-site: $(VENV)/.dev $(VENV)/.browser  ## weigh the site's search and time it over slow links (ROWS=1000000), into bench/README.md
	$(BIN)/python -m bench.site --rows $(or $(ROWS),100000)
	$(BIN)/python -m bench.shaped --rows $(or $(ROWS),100000)

bench-relevance: $(VENV)/.dev  ## measure what search finds first into bench/README.md
	$(BIN)/python -m bench.relevance

clean:  ## remove what was built
	rm -rf $(VENV) site/_build site/public bench/data registry.db registry.db.lock
