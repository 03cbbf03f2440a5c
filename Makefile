# devchat: `make demo` answers a question and reviews a change offline; `make test` runs every gate.
# Needs Python >= 3.11, a C/C++ compiler and cmake; everything else goes into .venv.

PYTHON ?= python3
PIP := .venv/bin/python -m pip --disable-pip-version-check
LOCKED := --quiet --constraint requirements.lock --build-constraint requirements.lock
# Only what devchat calls of llama.cpp: about 5 minutes on 2 cores. LLAVA_BUILD is libmtmd, by which
# models see pictures; without videos it starts no ffmpeg.
export CMAKE_ARGS ?= -DLLAVA_BUILD=ON -DMTMD_VIDEO=OFF -DLLAMA_BUILD_TOOLS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_SERVER=OFF
# What pip kept of an earlier build may be without libmtmd.
SEES := ls .venv/lib/python3*/site-packages/llama_cpp/lib/libmtmd.* >/dev/null 2>&1 || { \
	echo 'Compiling llama.cpp again, with libmtmd.'; \
	$(PIP) --quiet cache remove llama_cpp_python || true; \
	$(PIP) install $(LOCKED) --force-reinstall --no-deps llama-cpp-python; }

.PHONY: demo test check bench eval soak lock docs clean

# The picture in README.md shows the same question: one that the embedded model answers rightly.
demo: .venv/.user
	@echo '$$ DEVCHAT_TEMPERATURE=0 devchat ask -f devchat/render/terminal/style.py:5-12 "List the names and their values."'
	@DEVCHAT_TEMPERATURE=0 .venv/bin/devchat ask -f devchat/render/terminal/style.py:5-12 "List the names and their values."
	@echo
	@echo '$$ devchat review docs/demo.patch'
	@.venv/bin/devchat review --fail-on never docs/demo.patch
	@if git rev-parse --quiet --verify HEAD~1 >/dev/null 2>&1; then \
		echo; echo '$$ git diff HEAD~1 | devchat review'; \
		git diff HEAD~1 | .venv/bin/devchat review --fail-on never; fi

test: .venv/.dev check
	@missing=; for tool in tmux zsh fish; do command -v $$tool >/dev/null || missing="$$missing $$tool"; done; \
	[ -z "$$missing" ] || { echo "error: the tests run in real terminals and shells; install first:$$missing" >&2; exit 1; }
	.venv/bin/python -m pytest -n 4 --dist worksteal --cov --cov-report=term

check: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

# Two hours for all of them; SUITES="jobs chunks" names some.
bench: .venv/.dev
	.venv/bin/python -m tests.benchmarks $(SUITES)

# MODEL=... asks a model; RECORD=FILE keeps its answers; without both, what is recorded counts.
eval: .venv/.dev
	.venv/bin/python -m tests.evaluation $(if $(MODEL),--model $(MODEL)) $(if $(RECORD),--record $(RECORD))

soak: .venv/.dev
	.venv/bin/python -m pytest -m soak tests

docs: .venv/.dev
	.venv/bin/python -m tests.docs

lock: .venv/.dev
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --all-extras \
		--no-emit-index-url --no-header --no-annotate --upgrade pyproject.toml -o requirements.lock

clean:
	rm -rf .venv build dist

# A stamp, for `.venv/bin/python` is there even where what should follow it has failed.
.venv/.pip: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "error: devchat needs Python 3.11 or newer; choose one with make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet "$$(grep '^pip==' requirements.lock)"
	@touch $@

.venv/.user: .venv/.pip pyproject.toml
	@echo 'Installing devchat with its embedded model. llama.cpp is compiled once: about 5 minutes on 2 cores.'
	$(PIP) install $(LOCKED) --editable '.[tiny,analyzers]'
	@$(SEES)
	@touch $@

.venv/.dev: .venv/.pip pyproject.toml
	@echo 'Installing devchat and its tests. llama.cpp is compiled once: about 5 minutes on 2 cores.'
	$(PIP) install $(LOCKED) --editable '.[all,dev]'
	@$(SEES)
	@touch $@
