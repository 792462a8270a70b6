# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

UV_VERSION := 0.8
UV := $(shell command -v uv || echo .uv/bin/uv)
PY := .venv/bin/python
ENGINE_PY := .venv-engine/bin/python
export PYTHONPATH := $(CURDIR)
export RASA_TELEMETRY_ENABLED := false

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: setup ## start everything with the sample shop, and print where it is
	@$(PY) -m bot.cli demo

setup: .venv/.done .venv-engine/.done ## make both environments from the locked requirements

test: setup browser databases train ## run all tests (sets up what they need)
	@$(MAKE) --no-print-directory --keep-going -j 2 test-wechat test-service

test-engine:
	$(ENGINE_PY) -m pytest -q --confcutdir=tests/engine tests/engine

# Beside the others, as they mostly wait: for a token that ends, a time that is up.
test-wechat: test-engine
	$(PY) -m pytest -q tests/wechat -m "not slow"

test-service:
	$(PY) -m pytest -n 2 --dist loadfile --ignore=tests/engine --ignore=tests/wechat -m "not slow" --durations=25 --durations-min=5

soak: setup browser train ## run the long tests
	$(PY) -m pytest --ignore=tests/engine -m slow
	DIALOGUES=10000 $(ENGINE_PY) -m pytest --confcutdir=tests/engine -o timeout=0 tests/engine/test_window.py

check: setup ## lint, format, types, import walls, training data
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m bot.cli data check $(addprefix --apart-from ,$(CASES))
	$(ENGINE_PY) -m rasa data validate --fail-on-warnings

train: setup ## train a model, unless a current one exists
	@$(ENGINE_PY) -m bot.engine.train --out models

format: setup ## put the code into its usual form
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

pictures: setup browser train ## take the pictures of README and guide anew
	$(PY) -m docs.pictures.take
	$(PY) -m docs.pictures.studio

eval: setup train ## measure our pipeline beside the stock one on labelled messages (CASES='file.tsv …')
	@$(ENGINE_PY) -m bot.engine.evaluation.compare $(CASES)
CASES := tests/nlu_cases/cases.tsv

mood: setup ## measure how the moods of shoppers' messages are read
	@$(PY) -m bot.cli mood tests/mood_cases/dev.tsv tests/mood_cases/test.tsv

bench-slow-shop: setup train ## measure whether a shop slow for one shopper delays the others (6 minutes)
	@$(PY) -m tests.bench.slow_shop

bench-desk: setup browser train ## measure whether the desk is fast enough for 50 agents with 500 conversations (5 minutes)
	@$(PY) -m tests.bench.desk $(OPTIONS)

bench-training: setup train ## measure whether shoppers notice that a model is trained (5 minutes)
	@$(PY) -m tests.bench.training $(OPTIONS)

bench-review: setup browser ## measure how the review inbox opens with 100,000 turns (OPTIONS='--help')
	@$(PY) -m tests.bench.review $(OPTIONS)

bench-figures: setup ## measure the figures of a year at 100,000 conversations (3 minutes; OPTIONS='--help')
	@$(PY) -m tests.bench.figures $(OPTIONS)

bench: setup train ## measure our engine beside the stock Rasa (7 minutes, the first time 14; OPTIONS='--help')
	@$(PY) -m tests.bench.engine $(OPTIONS)

soak-engine: setup train ## measure whether the engine stays as it is at 70 % of what it can (MINUTES=30)
	@$(PY) -m tests.bench.engine.soak --minutes $(MINUTES) $(OPTIONS)
MINUTES := 30

widget: setup ## make the widget as it is served from its source
	$(PY) -m bot.channels.web.minify

faults: setup train ## kill, freeze, cut off and fill up the running stack; was a message lost or doubled? (SEED=N repeats)
	@$(PY) -m tests.bench.faults

load: setup train ## measure how many shoppers a front carries, and how fast (6 minutes; OPTIONS='--help')
	@$(PY) -m tests.bench.load $(OPTIONS)

openapi: setup ## write the public HTTP contracts to docs/
	$(PY) -m bot.openapi

lock: $(UV) ## resolve the requirements anew
	$(UV) pip compile $(LOCK) --python-version 3.10 --group engine -o requirements/engine.txt
	$(UV) pip compile $(LOCK) --python-version 3.11 --group service --group dev -o requirements/service.txt
LOCK := -q --upgrade --universal --generate-hashes --no-emit-index-url --no-annotate --no-header

clean: ## remove the environments, models and data made here
	rm -rf .venv .venv-engine .uv var models/*.tar.gz models/*.json

# A private environment for uv, where the machine has none; any Python from 3.10 on will do.
.uv/bin/uv:
	@for python in python3 python3.13 python3.12 python3.11 python3.10; do \
	  $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || continue; \
	  echo "Installing uv into .uv"; \
	  $$python -m venv .uv && .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=$(UV_VERSION)" && exit 0; \
	  echo "uv could not be installed: is the package registry reachable?" >&2; rm -rf .uv; exit 1; \
	done; \
	echo "No Python from 3.10 on with venv was found: install one, e.g. 'apt install python3 python3-venv'." >&2; exit 1

.venv/.done: requirements/service.txt pyproject.toml | $(UV)
	@echo "Making the service environment (.venv)"
	@$(UV) venv -q --clear --python 3.12 .venv 2>/dev/null || $(UV) venv -q --clear --python '>=3.11,<3.14' .venv || { \
	  echo "Python 3.12 (3.11 and 3.13 work too) was neither found nor to be had. One of these provides it:" >&2; \
	  echo "  pyenv install 3.12    |    apt install python3.12 python3.12-venv    |    uv python install 3.12" >&2; exit 1; }
	@VIRTUAL_ENV=.venv $(UV) pip sync -q --require-hashes requirements/service.txt
	@VIRTUAL_ENV=.venv $(UV) pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.venv-engine/.done: requirements/engine.txt | $(UV)
	@echo "Making the engine environment (.venv-engine, with Rasa and TensorFlow: about 2.6 GB)"
	@$(UV) venv -q --clear --python 3.10 .venv-engine || { \
	  echo "Python 3.10, which Rasa needs, was neither found nor to be had. One of these provides it:" >&2; \
	  echo "  pyenv install 3.10    |    apt install python3.10 python3.10-venv    |    uv python install 3.10" >&2; exit 1; }
	@VIRTUAL_ENV=.venv-engine $(UV) pip sync -q --require-hashes requirements/engine.txt
	@touch $@

# Chromium and a Chinese font for the browser tests, from the system's packages.
browser:
	@if ! { command -v chromium || command -v google-chrome; } >/dev/null || ! fc-list :lang=zh 2>/dev/null | grep -q .; then \
	  echo "Installing Chromium and a Chinese font"; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  { $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends chromium fontconfig fonts-noto-cjk; } >/dev/null || { \
	    echo "The browser tests need Chromium and a Chinese font: install them, e.g. 'apt install chromium fonts-noto-cjk'." >&2; exit 1; }; \
	fi

# PostgreSQL's and Redis's programs for the tests, from the system's packages.
databases:
	@if ! { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || ! command -v redis-server >/dev/null; then \
	  echo "Installing PostgreSQL and Redis"; \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  { $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends postgresql redis-server; } >/dev/null || \
	    echo "Without them tests are skipped: install them, e.g. 'apt install postgresql redis-server'." >&2; \
	fi

.PHONY: help demo setup test test-engine test-wechat test-service soak check train format pictures openapi eval mood bench soak-engine bench-slow-shop bench-desk bench-training bench-review bench-figures load faults lock clean browser databases
