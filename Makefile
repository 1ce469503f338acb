# The commands of the project. `make` alone lists them.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

ARCH := $(if $(filter aarch64,$(shell uname -m)),arm64,x64)
NODE := $(CURDIR)/node_modules/node-linux-$(ARCH)/bin/node
BIN  := $(or $(STUN_CACHE),$(HOME)/.cache/stun-operator)/bin
# The locked Node 24 comes before whatever Node the machine has; the cluster's tools are found by name.
export PATH := $(dir $(NODE)):$(CURDIR)/node_modules/.bin:$(BIN):$(PATH)

VITEST := $(NODE) node_modules/vitest/vitest.mjs run
RUN    := e2e/cluster/run

help: ## List the commands
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---- set-up: each step is skipped when nothing changed -------------------------------------------------

node_modules/.installed: package.json package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

node: node_modules/.installed bin/kubectl-prune ## Install the locked Node packages and Node 24, and make bin/kubectl-prune

bin/kubectl-prune: node_modules/.installed scripts/bundle-cli.ts $(shell find src/cli src/runtime src/prunejob src/api -name '*.ts' ! -name '*.test.ts')
	$(NODE) scripts/bundle-cli.ts

engine: ## Install the locked Python environment and make .venv/bin/stun
	@engine/setup

tools: ## Install Debian packages and build the cluster's binaries (cold: about 25 minutes)
	@e2e/cluster/tools/build

# ---- checks that need no cluster -------------------------------------------------------------------------

generate: node tools ## Write everything that is generated from the CRD and the chart
	$(NODE) scripts/generate.ts
	$(NODE) scripts/render-manifests.ts
	$(NODE) manifests/monitoring/picture/main.ts

sbom: node engine ## List what the two images are made of, as CycloneDX, in dist/sbom
	@scripts/sbom

lint: node engine ## Linters, type checkers, layer rules, generated files up to date
	$(NODE) node_modules/typescript/bin/tsc --noEmit
	$(NODE) node_modules/eslint/bin/eslint.js .
	$(NODE) node_modules/dependency-cruiser/bin/dependency-cruiser.mjs --config .dependency-cruiser.cjs src
	$(NODE) scripts/generate.ts --check
	cd engine && ../.venv/bin/ruff check --config pyproject.toml . ../e2e && ../.venv/bin/ruff format --check --config pyproject.toml . ../e2e && ../.venv/bin/mypy

unit: node tools ## Unit tests of the operator, the chart, the alerts
	$(VITEST) --project unit

engine-test: engine tools ## Tests of the engine
	cd engine && ../.venv/bin/pytest -q

sim: node ## Simulate SEEDS seeds (10000) from FIRST_SEED (0) on: the operator under every fault, with virtual time
	SEEDS=$(SEEDS) FIRST_SEED=$(FIRST_SEED) $(NODE) e2e/sim/main.ts

sim-test: node ## The simulation's own tests, and 500 seeds of it
	$(VITEST) --project sim
	SEEDS=500 FIRST_SEED=$(FIRST_SEED) $(NODE) e2e/sim/main.ts

sim-mutations: node ## Show that the simulation bites: how many seeds catch each deliberate bug
	$(NODE) e2e/sim/mutations/main.ts

api-test: node tools ## The CRD and the operator against a real API server
	$(VITEST) --project api

bench-engine: engine ## What the engine costs beside other programs, and OLMoE-1B-7B's true shape (28 GB of disk)
	cd engine && ../.venv/bin/python -m bench.speed

bench-quality: engine ## Loss of every method at equal sparsity, on five trained models (hours; it goes on where it was stopped)
	cd engine && OMP_NUM_THREADS=1 ../.venv/bin/python -m bench.quality

bench-operator: node tools ## The operator beside bare Jobs, JobSet, kopf and the stock @dot-i (hours; quick: SIZES=100 PAIRS=1)
	@e2e/bench/tools/build && e2e/bench/contenders/setup && $(NODE) scripts/bundle.ts
	@e2e/bench/run $(NODE) e2e/bench/main.ts

bench-operator-life: node tools ## 2,000 PruneJobs through one operator process: does its memory stay flat? (JOBS=N)
	@e2e/bench/tools/build && $(NODE) scripts/bundle.ts
	@e2e/bench/run $(NODE) e2e/bench/life.ts

gpu-test: engine ## The engine on an NVIDIA GPU, held against the CPU (no part of `make test`; 60 GB of disk)
	cd engine && ../.venv/bin/python -m gpu

# ---- the local cluster -----------------------------------------------------------------------------------

cluster-up: node engine tools ## Start the local cluster (a real single-node Kubernetes with KServe and S3)
	@e2e/cluster/up

cluster-down: ## Stop the local cluster and leave nothing behind
	@e2e/cluster/down

cluster-shell: ## Open a shell inside the local cluster: kubectl, helm, S3 credentials
	@$(RUN) bash

cluster-test: node engine tools ## Test the local cluster itself: every part killed and repaired, nothing left behind
	@e2e/cluster/test

images: cluster-up ## Build the product's images from the Dockerfile and load them into the cluster
	@e2e/cluster/build-images

install: images ## Install the operator into the local cluster by its Helm chart
	@$(RUN) e2e/lib/install-operator

demo: install ## One `kubectl apply` takes a served model from 4 GPUs to 2
	@$(RUN) $(NODE) e2e/demo/main.ts

e2e: install ## The end-to-end tests in the local cluster, and one of the faults
	@$(RUN) e2e/lib/end-demo
	$(RUN) $(VITEST) --project e2e
	$(RUN) $(VITEST) --project faults -t 'the engine evicted'

e2e-full: sim-mutations install ## The end-to-end tests, every way a hand-over can go, a real Argo CD, a real Kueue, and every fault: parts of the cluster killed, cut off and taken away (over an hour)
	@$(RUN) e2e/lib/end-demo
	$(RUN) $(VITEST) --project e2e
	$(RUN) $(VITEST) --project served
	@e2e/argocd/tools/build
	$(RUN) $(VITEST) --project argocd
	@e2e/kueue/tools/build
	$(RUN) $(VITEST) --project kueue
	$(RUN) $(VITEST) --project faults

# ---- everything ------------------------------------------------------------------------------------------

setup: ## All set-up; the two long downloads and builds run side by side
	@$(MAKE) --no-print-directory -j3 node engine tools

test: ## Everything that must hold before a change lands
	@.ci/stages setup lint+unit sim-test api-test engine-test+cluster-test e2e

.PHONY: sbom sim sim-test sim-mutations bench-operator bench-operator-life gpu-test help node engine tools generate lint unit engine-test bench-engine bench-quality api-test cluster-test cluster-up cluster-down cluster-shell images install demo e2e e2e-full setup test
