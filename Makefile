# dlbox: `make up` does the whole of it on a rehearsal AWS on this machine, `make test` proves it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export PYTHONPATH := tests
export PATH := $(CURDIR)/.venv/bin:$(PATH)
BIN := .venv/bin
REHEARSE := source .dlbox/rehearsal/env &&
SUITES := tests/unit tests/policy tests/inventory tests/ssh_client tests/modules tests/drift tests/faults tests/rehearsal_contract
SCENARIOS := host stop box
LOGS := .dlbox/logs
LONG := quota vscode conda side_effects storage hardening web desktop idle
TYPED := plugins/module_utils/dlbox tests/rehearsal tests/browser tests/modules tests/drift tests/faults

.PHONY: help up down test test-all lint bench molecule machines code-server lock

help: ## What can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

up: .venv/ready ## The box on a rehearsal AWS: set-up, site.yml, receipt
	$(BIN)/python -m rehearsal up
	$(REHEARSE) $(BIN)/ansible-playbook site.yml

down: ## Remove the rehearsal, and nothing else
	if [ -x $(BIN)/python ]; then $(BIN)/python -m rehearsal down; fi

code-server: .venv/ready ## VS Code for the rehearsal's machines, built with npm, once
	$(BIN)/python -m rehearsal code-server

test: lint ## Lint, unit, modules, rehearsal, molecule and the browser
	$(BIN)/python -m rehearsal image
	$(BIN)/python -m browser
	$(BIN)/pytest -n 4 --dist worksteal -m "not slow" $(SUITES)
	rm -rf $(LOGS)
	$(MAKE) -k -j 3 --output-sync=target $(SCENARIOS:%=scenario-%) machines || { $(BIN)/python -m failures $(LOGS)/*.log; exit 1; }

test-all: test ## The slow ones too: more faults, quotas over days, VS Code, broken environments, the idle stop on real machines, the bench
	$(BIN)/pytest -n 4 --dist worksteal -m slow $(SUITES)
	rm -rf $(LOGS)
	$(MAKE) -k $(LONG:%=scenario-%) || { $(BIN)/python -m failures $(LOGS)/*.log; exit 1; }
	$(MAKE) bench

lint: .venv/ready ## ruff, mypy, ansible-lint, yamllint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(TYPED)
	$(BIN)/mypy --python-version 3.10 roles/idle_stop/files/usr/local/lib/dlbox-idle roles/cuda_check/files/usr/local/lib/dlbox-cuda-check
	ANSIBLE_INVENTORY=inventory/boxes.yml $(BIN)/ansible-lint -q --offline --profile production

bench: .venv/ready ## Ratios against a boto3 script and the stock way
	$(BIN)/python -m bench

molecule: scenario-$(SCENARIO) ## One scenario: make molecule SCENARIO=box

machines: .venv/ready ## The rehearsal's machines
	mkdir -p $(LOGS)
	$(BIN)/pytest tests/rehearsal_machines 2>&1 | tee $(LOGS)/machines.log

# These mostly wait, so three at a time; each has a rehearsal, a port and box names of its own.
scenario-%: .venv/ready
	mkdir -p $(LOGS)
	MOLECULE_GLOB="tests/molecule/*/molecule.yml" molecule -c .config/molecule/config.yml test -s $* 2>&1 | tee $(LOGS)/$*.log

lock: ## Pin the requirements anew, with hashes
	for set in requirements requirements-dev; do UV_CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/uv pip compile -q --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url $$set.in -o $$set.txt; done

.venv/ready: requirements-dev.txt
	bash tests/rehearsal/python.sh
	touch $@
