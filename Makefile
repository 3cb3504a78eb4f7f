# Two commands for everybody (demo, test), the rest for those who change Weft.
SUDO := $(shell [ "$$(id -u)" -eq 0 ] || echo sudo)
NODE := node_modules/node/bin/node
export PATH := $(CURDIR)/node_modules/node/bin:$(CURDIR)/node_modules/.bin:$(PATH)

.PHONY: help setup setup-tests demo test check unit nightly fuzz bench soak clean

help:
	@echo 'make demo    a two-tier application as a cluster network on this machine, predicted and proven'
	@echo 'make test    every check and every test'
	@echo 'make check   formatting, types, lint, structure, dead code'
	@echo 'make unit    the tests alone; FILES="src/plan/**/*.test.ts" for some of them'
	@echo 'make nightly 10,000 random clusters, and packets in some of them; FIRST, CASES, LABS say which and how many'
	@echo 'make fuzz    the decoders, with random input for FUZZ_MS (60000) each property'
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

# Other seeds each day. Node runs one file after the other: labs at once would wait for each other.
FIRST ?= $(shell expr $$(date +%s) / 86400 \* 10000)
CASES ?= 10000
LABS ?= 150
nightly: setup-tests
	@echo "seeds from $(FIRST): $(CASES) clusters traced, $(LABS) and $$(( $(LABS) / 3 )) dual-stack ones in labs; WEFT_DIFFERENTIAL_SEED=N repeats one"
	@$(NODE) --test $(SAY) test/differential/traced.test.ts
	@WEFT_POLICY_RACES=$$(( $(CASES) / 10 )) $(NODE) --test $(SAY) src/agent/policies/policy-between.test.ts
	@$(AS_ROOT) WEFT_DIFFERENTIAL_SEEDS=$(LABS) $(NODE) --test $(SAY) test/differential/live.test.ts
	@$(AS_ROOT) WEFT_DIFFERENTIAL_SEEDS=$$(( $(LABS) / 3 )) $(NODE) --test $(SAY) test/differential/live-dual.test.ts
	@$(AS_ROOT) WEFT_SERVICES_WORLDS=$(LABS) WEFT_SERVICES_SEED=$(FIRST) $(NODE) --test $(SAY) test/differential/services.test.ts
	@$(AS_ROOT) WEFT_NETWORKS=$(LABS) $(NODE) --test $(SAY) test/differential/networks.test.ts
nightly: export WEFT_DIFFERENTIAL_FIRST = $(FIRST)
nightly: export WEFT_DIFFERENTIAL_CASES = $(CASES)
AS_ROOT = $(SUDO) env PATH="$(PATH)" WEFT_DIFFERENTIAL_FIRST=$(FIRST)
SAY = --test-reporter=spec

FUZZ_MS ?= 60000
fuzz: setup
	@WEFT_FUZZ_MS=$(FUZZ_MS) $(NODE) --test $(SAY) src/cli/manifests/fuzz.test.ts src/apiserver/fuzz.test.ts

bench: setup
	@$(SUDO) env PATH="$(PATH)" $(NODE) bench/main.ts $(ONLY)

soak: setup
	@$(SUDO) env PATH="$(PATH)" WEFT_SOAK_ROUNDS="$${WEFT_SOAK_ROUNDS-200}" $(NODE) bench/soak.ts

clean:
	rm -rf node_modules
