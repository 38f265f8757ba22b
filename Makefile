# Every task of this repository. `make help` lists them.
# Needs make and Python >= 3.10 with venv; all else is installed into .venv/ from requirements.lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help lint format

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lint: ## ruff, ruff format --check, mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: ## Rewrite the code in the one style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
