# SPDX-License-Identifier: Apache-2.0
# The front door. Every target installs what it needs and is missing.
.PHONY: setup python build wheel demo test check bench bench-peers bench-forest bench-graph bench-log bench-many-models \
	bench-tracking bench-ledger bench-datasets soak sanitize \
	install clean
SHELL := /bin/bash -euo pipefail
PREFIX ?= /usr/local
# Of a crash, the thread that crashed: symbols for hundreds of others take longer than all tests.
export SWIFT_BACKTRACE ?= threads=crashed,images=none,limit=64

setup:
	@scripts/setup.sh build engine test clients grpc mlflow python telemetry

# The environment of the Python package's tests alone: .tools/venv-python. Needs no Swift.
python:
	@scripts/setup.sh python

# The release binary, and the engine's library where the binary looks for it.
# The tests run with checks of exclusive access to memory; here they would be a fifteenth of a request (decision 0015).
# The rpath is where a wheel brings the system's SQLite along.
build:
	@scripts/setup.sh build engine
	swift build -c release --product slipway --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
		-Xlinker -rpath -Xlinker '$$ORIGIN/../lib/slipway'
	@scripts/link-engine.sh release

# dist/slipway-*.whl: the program and the Python package, for machines without Swift. Tested in an environment of its own.
wheel: build
	@scripts/setup.sh python
	.tools/venv-python/bin/python python/build_wheel.py dist
	.tools/venv-python/bin/python -m pytest -q -p no:cacheprovider Tests/WheelTests

demo: build
	@scripts/demo.sh

# What CI needs: every test, from a clean clone. What only tests in Python need is fetched while the compiler works.
test:
	@scripts/setup.sh build engine test
	@scripts/setup.sh clients grpc mlflow python telemetry & setup=$$!; \
	swift build --build-tests && built=0 || built=$$?; \
	wait $$setup || { echo "make: what the tests in Python need could not be installed; see above, or run make setup" >&2; \
		exit 1; }; \
	exit $$built
	@scripts/link-engine.sh debug
	swift test --skip-build --parallel
	@# Half of their time is one process that waits for another: two files at a time, where that is quicker.
	.tools/venv/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile Tests/ClientTests Tests/HostileTests \
		Tests/SandboxTests Tests/AlertTests
	.tools/venv-clients/bin/python -m pytest -q -p no:cacheprovider Tests/EcosystemTests \
		--ignore Tests/EcosystemTests/test_mlserver.py
	.tools/venv-mlserver/bin/python -m pytest -q -p no:cacheprovider Tests/EcosystemTests/test_mlserver.py
	.tools/venv-grpc/bin/python -m pytest -q -p no:cacheprovider Tests/GRPCTests Tests/HTTP2Tests
	.tools/venv-telemetry/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile Tests/TelemetryTests
	.tools/venv-mlflow/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile Tests/MLflowTests \
		--ignore Tests/MLflowTests/test_client_2.py
	.tools/venv-clients/bin/python -m pytest -q -p no:cacheprovider Tests/MLflowTests/test_small_client.py
	.tools/venv-mlflow2/bin/python -m pytest -q -p no:cacheprovider Tests/MLflowTests/test_small_client.py \
		Tests/MLflowTests/test_client_2.py
	@# The same with PostgreSQL behind it, but for what never gets as far as a store.
	SLIPWAY_TEST_STORE=postgresql .tools/venv-mlflow/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile \
		Tests/MLflowTests \
		$(patsubst %,--ignore Tests/MLflowTests/test_%.py,client_2 artifact_names credentials path_traversal requests)
	SLIPWAY_TEST_STORE=postgresql .tools/venv-mlflow2/bin/python -m pytest -q -p no:cacheprovider \
		Tests/MLflowTests/test_small_client.py Tests/MLflowTests/test_client_2.py
	.tools/venv-mlflow/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile Tests/ReplicaTests
	.tools/venv-mlflow/bin/python -m pytest -q -p no:cacheprovider Tests/PowerCutTests
	@# The longest files first, so that none is left for one process in the end.
	.tools/venv-python/bin/python -m pytest -q -p no:cacheprovider -n 2 --dist loadfile --no-loadscope-reorder \
		Tests/ReproduceTests Tests/PrepareTests Tests/ForeignModelTests Tests/GraphTests Tests/PackageTests \
		Tests/DatasetTests Tests/ForestTests Tests/WorkerTests

# Minutes: format, imports, architecture, documentation.
check:
	@scripts/setup.sh build engine
	swift format lint --strict --parallel --recursive Package.swift Sources Tests
	swift build --build-tests --explicit-target-dependency-import-check error
	@scripts/link-engine.sh debug
	swift test --skip-build --filter ArchitectureTests

# What a request costs, beside the engine, a bare HTTP server, FastAPI and MLServer. Prints tables; writes bench.json.
# LONG=1 adds a thousand swaps, bursts, and memory over ten million requests. OPTIONS="--only peers" chooses.
bench: build
	@scripts/setup.sh bench
	.tools/venv-bench/bin/python Benchmarks/serving/bench.py $(if $(LONG),--long) $(OPTIONS)

# Slipway beside MLServer, BentoML, FastAPI, MLflow and Triton's server, over JSON and gRPC, with the same models: half an
# hour. Prints tables; writes peers.json and peers.md. OPTIONS="--quick", "--only cost", "--peer mlserver" choose.
bench-peers: build
	@scripts/setup.sh peers
	.tools/venv-peers/bin/python Benchmarks/peers/bench.py $(OPTIONS)

# Trees in the engine for them beside the libraries that grew them, and ONNX Runtime. Prints a table; writes forest.json.
bench-forest:
	@scripts/setup.sh build engine python
	swift build -c release --product forest-bench --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
	.tools/venv-python/bin/python Benchmarks/forest/bench.py

# What a graph costs around the work of its steps: one row, each step, and 10,000 rows. Prints lines.
bench-graph:
	@scripts/setup.sh build engine
	swift build -c release --product graph-bench --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
	"$$(swift build -c release --show-bin-path)/graph-bench"

# What it costs to keep a prediction in the log, and to count it for the monitor. Prints lines.
bench-log:
	@scripts/setup.sh build engine
	swift build -c release --product log-bench --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked
	"$$(swift build -c release --show-bin-path)/log-bench"

# Logging and searching beside MLflow's own server, in one run. OPTIONS="--large": 10,000 runs and 10,000,000 points here
# alone. Prints figures; writes tracking.json.
bench-tracking: build
	@scripts/setup.sh mlflow
	SLIPWAY_BINARY=$$(swift build -c release --show-bin-path)/slipway \
		.tools/venv-mlflow/bin/python Benchmarks/tracking/bench.py $(OPTIONS)

# What questions to 100,000 entries of the ledger and to 1,000 live endpoints cost. Prints a table; writes ledger.json.
bench-ledger: build
	@scripts/setup.sh test
	SLIPWAY_BINARY=$$(swift build -c release --show-bin-path)/slipway .tools/venv/bin/python Benchmarks/ledger/bench.py $(OPTIONS)

# Versions of a million rows: adding, comparing, checking, and what versions share. Prints figures; writes datasets.json.
bench-datasets: build
	@scripts/setup.sh python
	SLIPWAY_BINARY=$$(swift build -c release --show-bin-path)/slipway \
		.tools/venv-python/bin/python Benchmarks/datasets/bench.py $(OPTIONS)

# A thousand models in one server: loading, threads, memory, and what a request waits for. Writes many-models.json.
bench-many-models: build
	@scripts/setup.sh python
	SLIPWAY_BINARY=$$(swift build -c release --show-bin-path)/slipway \
		.tools/venv-python/bin/python Benchmarks/many-models/bench.py $(OPTIONS)

# What takes longer than CI may: longer fuzzing, more kills, more swaps, a million mutated requests and as many streams of
# HTTP/2, and ninety pipelines of Python whose answers to 100,000 unseen rows each are compared with what is served.
soak: setup
	swift build --build-tests
	@scripts/link-engine.sh debug
	SLIPWAY_SOAK=1 swift test --skip-build
	SLIPWAY_SOAK=1 .tools/venv/bin/python -m pytest -q -rP -p no:cacheprovider Tests/HostileTests
	SLIPWAY_SOAK=1 .tools/venv-grpc/bin/python -m pytest -q -rP -p no:cacheprovider \
		Tests/HTTP2Tests/test_http2_mutations.py Tests/HTTP2Tests/test_http2_floods.py
	SLIPWAY_SOAK=1 .tools/venv-mlflow/bin/python -m pytest -q -rP -p no:cacheprovider Tests/MLflowTests/test_kills.py
	SLIPWAY_SOAK=1 SLIPWAY_TEST_STORE=postgresql .tools/venv-mlflow/bin/python -m pytest -q -rP -p no:cacheprovider \
		Tests/MLflowTests/test_kills.py
	SLIPWAY_SOAK=1 .tools/venv-mlflow/bin/python -m pytest -q -rP -p no:cacheprovider Tests/ReplicaTests
	SLIPWAY_SOAK=1 .tools/venv-mlflow/bin/python -m pytest -q -rP -p no:cacheprovider Tests/PowerCutTests
	SLIPWAY_SOAK=1 .tools/venv-python/bin/python -m pytest -q -rP -p no:cacheprovider \
		Tests/ForeignModelTests/test_starting_again.py
	$(MAKE) build
	.tools/venv-python/bin/python Benchmarks/corpus/run.py

# The tests under a sanitizer, the real binary included: SANITIZER=thread or address. The first build takes minutes.
# Addresses are not randomized: with many random bits a sanitizer finds no room for its own memory. That memory is far more
# than a sandbox lets a process have, and freed memory is kept for a while: the tests of that are left out.
SANITIZER ?= thread
SANITIZED = .build-$(SANITIZER)
sanitize: setup
	swift build --build-tests --sanitize=$(SANITIZER) --scratch-path $(SANITIZED)
	@folder=$$(dirname "$$(readlink -f $(SANITIZED)/debug)")/lib; mkdir -p "$$folder"; \
	ln -sfn "$$PWD/.tools/engines" "$$folder/slipway"
	TSAN_OPTIONS="suppressions=$$PWD/Tests/tsan.suppressions exitcode=66" \
	ASAN_OPTIONS="detect_leaks=0 exitcode=66" \
	SLIPWAY_BINARY="$$PWD/$(SANITIZED)/debug/slipway" \
	setarch -R swift test --skip-build --sanitize=$(SANITIZER) --scratch-path $(SANITIZED) \
		--skip 'theProgramRunsWithNothingOfItsStarters|everyMachineHoldsTheFilterAndTheLimits' \
		$(if $(filter address,$(SANITIZER)),--skip givesMemoryBack)

install: build
	install -D -m 755 -s "$$(swift build -c release --show-bin-path)/slipway" "$(PREFIX)/bin/slipway"
	install -D -m 644 -t "$(PREFIX)/lib/slipway" .tools/engines/libonnxruntime.so.*
	find python/slipway -name '*.py' -exec install -D -m 644 -T {} "$(PREFIX)/lib/slipway/{}" \;
	find deploy -type f -exec install -D -m 644 -T {} "$(PREFIX)/share/slipway/{}" \;
	install -D -m 644 -t "$(PREFIX)/share/slipway/examples/breast-cancer" examples/breast-cancer/*.*

clean:
	rm -rf .build .tools dist
