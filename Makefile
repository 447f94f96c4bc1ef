# Thin on purpose: each target is one line, and the two that a stranger needs come first.
PORT ?= 8501
IN := PATH="$(CURDIR)/.venv/bin:$$PATH"
CODE := collectors data signals dashboard

.PHONY: run test check baseline

run: .venv/run.stamp   ## web and worker, until Ctrl-C
	@$(IN) PORT=$(PORT) exec honcho start

test: .venv/test.stamp check   ## everything, ending with pytest's summary
	@$(IN) .ci/chromium && $(IN) pytest

check: .venv/test.stamp   ## style, types, and the way data flows
	@$(IN) ruff check . && $(IN) ruff format --check . && $(IN) mypy && $(IN) lint-imports

baseline: .venv/run.stamp   ## the shipped facts, made anew from recorded answers in ../shared
	@$(IN) .ci/baseline

.venv/run.stamp: pyproject.toml constraints.txt
	@.ci/venv .venv && .venv/bin/pip install -q -c constraints.txt -e . && touch $@

.venv/test.stamp: pyproject.toml constraints.txt
	@.ci/venv .venv && .venv/bin/pip install -q -c constraints.txt -e '.[test]' && touch $@ .venv/run.stamp
