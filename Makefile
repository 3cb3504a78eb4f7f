# Two commands for everybody (demo, test), the rest for those who change Weft.
SUDO := $(shell [ "$$(id -u)" -eq 0 ] || echo sudo)
NODE := node_modules/node/bin/node
export PATH := $(CURDIR)/node_modules/node/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup setup-tests demo test check unit bench soak clean

help:
	@echo 'make demo    a two-tier application as a cluster network on this machine, predicted and proven'
	@echo 'make test    every check and every test'
	@echo 'make check   formatting, types, lint, structure, dead code'
	@echo 'make unit    the tests alone; FILES="src/plan/**/*.test.ts" for some of them'
	@echo 'make bench   one JSON line per figure; ONLY=name for one'
	@echo 'make soak    200 rounds of up and down, and whether the machine holds more after them (WEFT_SOAK_ROUNDS)'

setup:
	@tools/setup --system

setup-tests:
	@tools/setup --system --tests

demo: setup
	@$(SUDO) examples/two-tier/demo

test: check unit

check: setup
	@tools/check

FILES ?= src/**/*.test.ts test/**/*.test.ts
unit: setup-tests
	@$(SUDO) env PATH="$(PATH)" $(NODE) tools/run-tests.ts $(foreach f,$(FILES),'$(f)')

bench: setup
	@$(SUDO) env PATH="$(PATH)" $(NODE) bench/main.ts $(ONLY)

soak: setup
	@$(SUDO) env PATH="$(PATH)" WEFT_SOAK_ROUNDS="$${WEFT_SOAK_ROUNDS-200}" $(NODE) bench/soak.ts

clean:
	rm -rf node_modules
