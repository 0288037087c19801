# AgentSpool. `make quickstart` shows it at work, `make test` runs the tests, `make prove` proves its promises; all
# install the Debian packages that they need.

export SWIFT ?= swift
CONFIGURATION ?= debug
# The optimised program is one file that needs no Swift where it runs, starts in two thirds of the time and takes less
# memory.
RELEASE = -c release --static-swift-stdlib
BUILD = $(if $(filter release,$(CONFIGURATION)),$(RELEASE),-c $(CONFIGURATION))
MINUTES ?= 1

RUNS ?= 5
LINTED = Package.swift Sources Tests Fuzzing Benchmarks/Package.swift Benchmarks/Sources

.PHONY: build help test test-shared quickstart test-cases test-llmock test-mcp test-model test-sanitizers prove soak fuzz bench bench-peers lint format packages proof-packages

# CONFIGURATION=release for the optimised program, also with prove and soak: it may fail where a debug build does not.
build: packages ## Build the program; CONFIGURATION=release for the optimised one
	scripts/build.sh $(BUILD)

help: ## Print the targets, each with what it does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

test: packages proof-packages ## Lint, build, all tests, and a bounded part of every proof
	scripts/test.sh

quickstart: packages ## Build, and show the program at work on a copy of spool/
	scripts/quickstart.sh

# Plays problems that users reported of similar systems against the real program. CASES="B05 B11" for some.
test-cases: build ## Play reported problems against the program; CASES="B05" for some
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Tests/Cases/cases.py $(CASES)

# Plays the faults of llmock, a model server that judges its clients. CASES="mix quota" for some.
test-llmock: build ## Play the faults of a model server that judges its clients
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool scripts/test-llmock.sh $(CASES)

# The official SDK's clients, of both eras. CASES="call cancel" for some.
test-mcp: build ## Play the official clients of MCP against the program; CASES="call" for some
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool scripts/test-mcp.sh $(CASES)

test-model: packages ## Install a small real model, and run the tests that need one
	scripts/test-model.sh

# Drops on a filesystem that two hosts share, as root: GlusterFS in network namespaces of this machine (needs /dev/fuse),
# then NFS 4.2 between this machine and a virtual one.
test-shared: build ## Drops on filesystems that two hosts share; as root
	scripts/install-packages.sh python3 glusterfs-server glusterfs-client iproute2 mount util-linux
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Tests/Shared/shared.py
	scripts/install-packages.sh qemu-system-x86 linux-image-cloud-amd64 nfs-ganesha nfs-ganesha-vfs busybox-static cpio \
	  xz-utils kmod binutils
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Tests/Shared/nfs.py

test-sanitizers: packages ## The tests under the thread and the address sanitizer
	scripts/test-sanitizers.sh

# Every part of every proof, some 20 minutes on 2 quiet cores; PARTS="crash power" for some, SEED=n to continue a run or
# to repeat it.
prove: build proof-packages ## Every proof, and docs/proof.md; as root; PARTS="crash power" for some
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Proofs/prove.py $(PARTS) $(if $(SEED),--seed $(SEED)) $(if $(PARTS),,--report docs/proof.md)

# Random kills, stops and faults for MINUTES=n, or KILLS=n.
soak: build proof-packages ## Random drops, kills, stops and faults; MINUTES=60
	AGENTSPOOL_PROGRAM=.build/$(CONFIGURATION)/agentspool python3 Proofs/soak.py $(if $(KILLS),--kills $(KILLS),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

# Every parser for MINUTES=n; TARGET=name for one.
fuzz: packages ## Fuzz the parsers; MINUTES=10 TARGET=name
	scripts/fuzz.sh $(MINUTES) $(TARGET)

# The benchmarks, on the filesystem of DIR; BENCHMARKS="drain latency" for some. They take some 40 minutes on a quiet
# machine on which nothing large was removed just before; nearly half goes into removing a million jobs and files.
# SHORT=1 measures the main figures in some five minutes. Each run is written to docs/performance as soon as it is done.
bench: packages ## Measure what the program costs; BENCHMARKS="drain" for some, SHORT=1 for five minutes
	scripts/install-packages.sh strace valgrind binutils e2fsprogs mount
	scripts/build.sh $(RELEASE) --product agentspool
	$(SWIFT) build -c release --package-path Benchmarks
	Benchmarks/.build/release/benchmarks $(BENCHMARKS) $(if $(SHORT),--short) --runs $(RUNS) --program .build/release/agentspool \
	  --output docs/performance $(if $(DIR),--directory $(DIR))

# Installs and measures what people would use instead.
bench-peers: packages ## Measure what people would use instead
	Benchmarks/peers/run.sh docs/performance/peers.json

# Format, and words (scripts/lint-words.sh).
lint: ## Check the format and the words
	scripts/lint-words.sh
	$(SWIFT) format lint --strict --recursive $(LINTED)

format: ## Format the Swift sources
	$(SWIFT) format --in-place --recursive $(LINTED)

packages: ## Install the Debian packages that a build needs
	scripts/install-packages.sh

proof-packages: ## Install the Debian packages that the proofs need
	scripts/install-packages.sh python3 gcc libc6-dev linux-libc-dev e2fsprogs xfsprogs btrfs-progs mount util-linux
