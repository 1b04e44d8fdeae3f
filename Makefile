# The front door: each target installs what it misses (tools/setup.sh), then does its one thing.
# Everything behind it is plain CMake: see CMakePresets.json and CONTRIBUTING.md.

BUILD := build
JOBS  ?= $(shell nproc)
# The example that `make demo` and `make run` start.
EXAMPLE := examples/thirst
OUR_SOURCES = $(shell find base event inference filter channels sinks sources manifest broker cli \
                tests bench -name '*.cc' -o -name '*.h' -o -name '*.cu' -o -name '*.cuh')

.PHONY: help build test demo run bench lint fmt clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-6s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build build/sluice, optimised
	@tools/setup.sh build
	@tools/configure.sh $(BUILD)
	cmake --build $(BUILD) -j $(JOBS) --target sluice

test: ## Build and run every test; the last line counts them
	@tools/setup.sh build test
	@tools/configure.sh $(BUILD) -DSLUICE_TESTS=ON
	cmake --build $(BUILD) -j $(JOBS)
	@tools/run_tests.sh $(BUILD)

demo: build ## Watch one event cross the broker, hop by hop
	@tools/setup.sh test
	@tools/demo.sh $(BUILD)/sluice $(EXAMPLE)

run: build ## Serve the example in the foreground until Ctrl-C
	@exec $(BUILD)/sluice serve -f $(EXAMPLE)/

bench: ## Every benchmark, with the ratio to its ceiling
	@tools/setup.sh build bench
	@tools/configure.sh $(BUILD) -DSLUICE_BENCH=ON
	cmake --build $(BUILD) -j $(JOBS)
	@python3 bench/run.py --build $(BUILD)

lint: ## clang-format, tidy test, clang-tidy
	@tools/setup.sh build lint
	@tools/lint.sh $(BUILD)

fmt: ## Format every C++ source in place
	@tools/setup.sh lint
	clang-format-14 -i $(OUR_SOURCES)

clean: ## Remove what was built
	rm -rf $(BUILD)
