# Thin on purpose: each target is one line, and the two that a stranger needs come first.
PORT ?= 8501
IN := PATH="$(CURDIR)/.venv/bin:$$PATH"
CODE := collectors data signals dashboard
MENTIONS ?= 1000000
# three workers on two cores: many tests wait for a browser or a server
WORKERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))

.PHONY: run test check baseline test-browser test-faults simulate soak bench bench-store bench-web coverage licences screenshots

run: .venv/run.stamp   ## web and worker, until Ctrl-C
	@$(IN) PORT=$(PORT) exec honcho start

test: .venv/test.stamp check   ## everything, ending with pytest's summary
	@$(IN) .ci/chromium && $(IN) pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: .venv/test.stamp   ## style, types, and the way data flows
	@$(IN) ruff check . && $(IN) ruff format --check . && $(IN) mypy && $(IN) lint-imports

baseline: .venv/run.stamp   ## the shipped facts, made anew from recorded answers in ../shared
	@$(IN) .ci/baseline

test-browser: .venv/test.stamp   ## every page and every hostile text in a real Chromium; some five minutes
	@$(IN) .ci/chromium && $(IN) pytest -n auto tests/browser -m "slow or not slow"

test-faults: .venv/test.stamp   ## every fault on every source, and months of them; an hour or more
	@$(IN) pytest -n auto --dist loadgroup tests/faults -m "slow or not slow"

simulate: .venv/run.stamp   ## how often flags are wrong, anew; about half an hour, can be cut and resumed
	@$(IN) python -m signals simulate

soak: .venv/test.stamp   ## DAYS simulated days of everything, in good weather and in bad; minutes a day
	@$(IN) python -m tests.soak --days $(or $(DAYS),7) --write docs/reliability.md

bench: .venv/bench.stamp   ## speed, as ratios against what one would use otherwise
	@$(IN) OPENBLAS_NUM_THREADS=1 python -m signals bench && $(IN) python -m collectors bench tests/payloads $(wildcard ../shared/payloads/replay) --write docs/benchmarks.md

coverage: .venv/bench.stamp   ## which branches of fetching, parsing and storing the tests take; the timed ones are left out
	@$(IN) coverage run -m pytest -k "not quickly" tests/collectors tests/data tests/sources && coverage report

licences: .venv/test.stamp   ## what the program is made of, under which licences
	@$(IN) .ci/licences

bench-web: .venv/test.stamp   ## the pages in a real browser, against the least that Streamlit can do
	@$(IN) .ci/chromium && $(IN) python -m tests.bench.web --write docs/benchmarks.md

bench-store: .venv/test.stamp   ## the tables against SQLite, PostgreSQL and DuckDB; MENTIONS="1000000 10000000" for both sizes
	@$(IN) python -m tests.data.bench --mentions $(MENTIONS) --write docs/benchmarks.md

screenshots: .venv/test.stamp   ## every page, desktop and phone, light and dark, into docs/screenshots
	@$(IN) .ci/chromium && $(IN) .ci/screenshots

.venv/run.stamp: pyproject.toml constraints.txt
	@.ci/venv .venv && .venv/bin/pip install -q --no-compile -c constraints.txt -e . && touch $@

.venv/test.stamp: pyproject.toml constraints.txt
	@.ci/venv .venv && .venv/bin/pip install -q --no-compile -c constraints.txt -e '.[test]' && touch $@ .venv/run.stamp

.venv/bench.stamp: .venv/test.stamp
	@.venv/bin/pip install -q --no-compile -c constraints.txt -e '.[test,bench]' && touch $@
