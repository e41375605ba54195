PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: quickstart test test-slow lint format lock bench web web-test clean

quickstart: $(VENV)/.installed
	$(BIN)/python -m keras_seq2seq quickstart

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -m slow

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# What users get: the newest versions within the ranges of requirements.txt.
$(VENV)/.installed: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

# What CI runs: exactly the versions of requirements.lock.
$(VENV)/.installed-dev: requirements.lock requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $@ $(VENV)/.installed

lock:
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet '.[dev]'
	build/lock/bin/python -m pip freeze --exclude keras-seq2seq > requirements.lock

# Speeds on this machine, which should do nothing else: build/bench/bench.md, .json and .png. Other
# programs take turns with BENCH_FLAGS='--peers build/peers' (benchmarks/peers/README.md).
bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/bench.py --out build/bench $(BENCH_FLAGS)

# A page that translates without a server: make web WEB_MODEL=path.tflite, with WEB_NAME and
# WEB_EXAMPLES="one|two" if wished. Packages come from npm as package-lock.json pins them.
WEB_PACKAGES := build/web-packages
SERVERS := $(or $(KERAS_SEQ2SEQ_SERVERS),$(CURDIR)/build/servers)

web: $(WEB_PACKAGES)/.installed
	node export/web/build.mjs --packages $(WEB_PACKAGES) --out build/web \
		$(if $(WEB_MODEL),--model "$(WEB_MODEL)") $(if $(WEB_NAME),--name "$(WEB_NAME)") \
		$(if $(WEB_EXAMPLES),--examples "$(WEB_EXAMPLES)")
	@echo "python3 export/web/serve.py build/web"

# Needs Debian's chromium and npm; what it installs of npm goes to build/servers.
web-test: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet 'playwright>=1.50,<2'
	mkdir -p $(SERVERS)
	KERAS_SEQ2SEQ_SERVERS=$(SERVERS) $(BIN)/python -m pytest -rs -m slow \
		tests/export/on_device/javascript/test_page.py

$(WEB_PACKAGES)/.installed: export/web/package.json export/web/package-lock.json
	mkdir -p $(WEB_PACKAGES)
	cp export/web/package.json export/web/package-lock.json $(WEB_PACKAGES)
	npm ci --ignore-scripts --no-audit --no-fund --prefix $(WEB_PACKAGES)
	touch $@

clean:
	rm -rf build dist runs .pytest_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
