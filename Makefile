# AgentSpool. `make quickstart` shows it at work, `make test` runs the tests, `make prove` proves what it promises; all
# install what Debian has to give.

export SWIFT ?= swift
CONFIGURATION ?= debug
# The optimised program is one file that needs no Swift where it runs, starts in two thirds of the time and takes less memory.
RELEASE = -c release --static-swift-stdlib
BUILD = $(if $(filter release,$(CONFIGURATION)),$(RELEASE),-c $(CONFIGURATION))
MINUTES ?= 1

RUNS ?= 5
LINTED = Package.swift Sources Tests Fuzzing Benchmarks/Package.swift Benchmarks/Sources

.PHONY: build test test-shared quickstart test-cases test-llmock test-model test-sanitizers prove soak fuzz bench bench-peers lint format packages proof-packages

# CONFIGURATION=release for the optimised program, also with prove and soak: what is optimised may fail where a debug build
# does not.
build: packages
	scripts/build.sh $(BUILD)

test: packages proof-packages
	scripts/test.sh

quickstart: packages
	scripts/quickstart.sh

# What people reported of systems like this one, played against the real program: a table. CASES="B05 B11" for some.
test-cases: build
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Tests/Cases/cases.py $(CASES)

# The faults of llmock, a model server that judges its clients. CASES="mix quota" for some.
test-llmock: build
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool scripts/test-llmock.sh $(CASES)

test-model: packages
	scripts/test-model.sh

# Drops on a filesystem that two hosts share: GlusterFS in network namespaces of this machine; needs root and /dev/fuse.
test-shared: build
	scripts/install-packages.sh python3 glusterfs-server glusterfs-client iproute2 mount util-linux
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Tests/Shared/shared.py

test-sanitizers: packages
	scripts/test-sanitizers.sh

# Every part of every proof, some 20 minutes on 2 quiet cores; PARTS="crash power" for some, SEED=n to go on or to try the same.
prove: build proof-packages
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Proofs/prove.py $(PARTS) $(if $(SEED),--seed $(SEED)) $(if $(PARTS),,--report docs/proof.md)

# Random kills, stops and faults for MINUTES=n, or KILLS=n.
soak: build proof-packages
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Proofs/soak.py $(if $(KILLS),--kills $(KILLS),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

# Every parser for MINUTES=n; TARGET=name for one.
fuzz: packages
	scripts/fuzz.sh $(MINUTES) $(TARGET)

# What it costs, measured on the filesystem of DIR; BENCHMARKS="drain latency" for some. Some 40 minutes on a quiet machine
# from which nothing large was removed just before; nearly half of it goes into removing a million jobs and files.
bench: packages
	scripts/build.sh $(RELEASE) --product agentspool
	$(SWIFT) build -c release --package-path Benchmarks
	Benchmarks/.build/release/benchmarks $(BENCHMARKS) --runs $(RUNS) --program .build/release/agentspool \
	  --output docs/performance $(if $(DIR),--directory $(DIR))

# What people would use instead, installed and measured beside it.
bench-peers: packages
	Benchmarks/peers/run.sh docs/performance/peers.json

lint:
	$(SWIFT) format lint --strict --recursive $(LINTED)

format:
	$(SWIFT) format --in-place --recursive $(LINTED)

packages:
	scripts/install-packages.sh

proof-packages:
	scripts/install-packages.sh python3 gcc libc6-dev linux-libc-dev e2fsprogs xfsprogs btrfs-progs mount util-linux
