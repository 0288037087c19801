# AgentSpool. `make quickstart` shows it at work, `make test` runs the tests; both install what Debian has to give.

SWIFT ?= swift

.PHONY: build test quickstart test-model lint format packages

build: packages
	$(SWIFT) build

test: packages
	scripts/test.sh

quickstart: packages
	scripts/quickstart.sh

test-model: packages
	scripts/test-model.sh

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

packages:
	scripts/install-packages.sh
