#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing, and says what it does. Quick when nothing is missing.
#
#     scripts/setup.sh [PART]…        none: build engine test
#
#     build      Debian packages that compiling needs; looks for Swift
#     engine     ONNX Runtime's library, from its wheel, in .tools/engines
#     test       bubblewrap, PostgreSQL, Alertmanager's program in .tools/alertmanager, and the Python packages of
#                requirements/test.txt, in .tools/venv
#     clients    KServe's and MLflow's clients, of requirements/clients.txt, in .tools/venv-clients, and MLServer's
#                codecs, of requirements/mlserver.txt, in .tools/venv-mlserver
#     grpc       clients of gRPC and the parts of HTTP/2, of requirements/grpc.txt, in .tools/venv-grpc
#     mlflow     MLflow's client and its server, of requirements/mlflow.txt, in .tools/venv-mlflow, and the client of the
#                second generation, of requirements/mlflow2.txt, in .tools/venv-mlflow2
#     python     what the tests of the Python package need, of requirements/python.txt, in .tools/venv-python
#     telemetry  Prometheus and promtool in .tools/prometheus, and what the tests of metrics and traces need, of
#                requirements/telemetry.txt, in .tools/venv-telemetry
#     bench      wrk, nginx's program in .tools/nginx, and the servers of requirements/bench.txt, in .tools/venv-bench
#     peers      the servers of `make bench-peers`, each in an environment of its own, and its load; what cannot be had
#                is left out, with the reason
#     examples   what training the examples needs: requirements/examples.txt, and Debian's PyTorch and scikit-learn
#
# Debian packages are installed as root or through sudo; without either, the command to run is shown. Everything else
# stays inside .tools, which may be deleted at any time. SLIPWAY_PYTHON names another Python than the first that fits.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly SWIFT_MINIMUM=6.2
readonly PYTHON_MINIMUM=3.11
readonly ENGINE=libonnxruntime.so.1.27.0
readonly VENV=.tools/venv
readonly VENV_CLIENTS=.tools/venv-clients
# MLServer's requirements are its own, and it takes no Python from 3.13 on.
readonly VENV_MLSERVER=.tools/venv-mlserver
readonly VENV_GRPC=.tools/venv-grpc
readonly VENV_MLFLOW=.tools/venv-mlflow
# Both generations of MLflow's client have the same name.
readonly VENV_MLFLOW2=.tools/venv-mlflow2
readonly VENV_PYTHON=.tools/venv-python
readonly VENV_TELEMETRY=.tools/venv-telemetry
readonly VENV_BENCH=.tools/venv-bench
readonly VENV_PEERS=.tools/venv-peers
readonly PYTHON_MLSERVER_BELOW=3.13
# numpy 1, which Triton's Python backend needs, has no wheels for Python 3.13.
readonly PYTHON_TRITON_BELOW=3.13

say() { printf 'setup: %s\n' "$*" >&2; }

# fail WHAT HAPPENED, WHAT TO DO
fail() {
    printf 'setup: error: %s\n       %s\n' "$1" "$2" >&2
    exit 1
}

# What pip and apt print is shown only when they fail.
quietly() {
    local log=.tools/setup.log
    if ! "$@" >"$log" 2>&1; then
        tail -n 25 "$log" >&2
        return 1
    fi
}

is_at_least() { # VERSION MINIMUM
    [[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" == "$2" ]]
}

# MARK: Debian packages

may_be_root() {
    ((EUID == 0)) || { command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; }
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

debian_packages() { # PACKAGE…
    local package missing=()
    if ! command -v dpkg-query >/dev/null; then
        say "this is not Debian or Ubuntu: please see to it that what these packages hold is there: $*"
        return
    fi
    for package in "$@"; do
        [[ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] \
            || missing+=("$package")
    done
    ((${#missing[@]})) || return 0

    may_be_root || fail "Debian packages are missing, and neither root nor sudo is at hand: ${missing[*]}" \
        "Have them installed, then run this again: apt-get install ${missing[*]}"
    say "installing Debian packages: ${missing[*]}"
    quietly as_root apt-get update \
        || fail "apt-get update failed (above)." "Check the network and the package sources, then run this again."
    quietly as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends "${missing[@]}" \
        || fail "apt-get install failed (above)." "Mend what it says, then run this again."
}

# MARK: Swift

check_swift() {
    local said version
    command -v swift >/dev/null \
        || fail "Swift was not found on the PATH." \
            "Install Swift $SWIFT_MINIMUM or newer as www.swift.org/install shows, until \`swift --version\` answers."
    said=$(swift --version 2>&1) \
        || fail "\`swift --version\` failed: $said" \
            "Install the packages that www.swift.org/install names for this system, then run this again."
    version=$(sed -nE 's/.*Swift version ([0-9.]+).*/\1/p' <<<"$said")
    is_at_least "${version:-0}" "$SWIFT_MINIMUM" \
        || fail "Swift ${version:-of an unknown version} is on the PATH; $SWIFT_MINIMUM or newer is needed." \
            "Install a newer one as www.swift.org/install shows."
}

# MARK: Python

# Prints the first Python that is new enough, and older than BELOW, whether or not it can make an environment.
find_python() { # BELOW
    local candidate
    for candidate in ${SLIPWAY_PYTHON:+"$SLIPWAY_PYTHON"} python3 /usr/bin/python3 python3.{11,12,13,14}; do
        if "$candidate" -c "import sys; sys.exit(not (${PYTHON_MINIMUM/./, }) <= sys.version_info < (${1/./, }))" \
            2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

virtual_environment() { # FOLDER [BELOW]
    local python below=${2:-4.0}
    # A Python that was moved or removed leaves links that lead nowhere.
    if [[ -e $1/.made ]] && "$1/bin/python" -c '' 2>/dev/null; then return; fi
    python=$(find_python "$below") || { debian_packages python3 python3-venv && python=$(find_python "$below"); } \
        || fail "No Python from $PYTHON_MINIMUM on and before $below was found, as what goes into $1 needs." \
            "Install one, and name it if it is not \`python3\`: SLIPWAY_PYTHON=/path/to/python3 $0"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || debian_packages python3-venv
    say "making a Python environment in $1 with $("$python" --version)"
    rm -rf "$1"
    quietly "$python" -m venv "$1" \
        || fail "\`$python -m venv\` failed (above)." "Install the venv module of that Python, or set SLIPWAY_PYTHON."
    touch "$1/.made"
}

python_packages() { # FOLDER NAME, of requirements/NAME.txt
    local list=requirements/$2.txt stamp=$1/.$2 digest
    digest=$(sha256sum "$list")
    if [[ "$(cat "$stamp" 2>/dev/null)" == "$digest" ]]; then return; fi
    say "installing the Python packages of $list"
    quietly "$1/bin/python" -m pip install --disable-pip-version-check --only-binary=:all: --require-hashes \
        --requirement "$list" \
        || fail "The packages of $list could not be installed (above)." \
            "Check the network and pip's own settings (\`pip config list\`), then run this again."
    echo "$digest" >"$stamp"
}

# MARK: ONNX Runtime

engine() {
    local platform digest staging=.tools/staging
    case "$(uname -s)-$(uname -m)" in
        Linux-x86_64)
            platform=manylinux_2_28_x86_64
            digest=b5c9d4f124d24707f514dad926dc181820807178855df1c528e3addb2dd0e6f7
            ;;
        Linux-aarch64)
            platform=manylinux_2_28_aarch64
            digest=9275ef52956228686ae47b0219f67476a1148505084bdc5571e7bf1bf69b11f2
            ;;
        *)
            fail "There is no pinned ONNX Runtime for $(uname -s) on $(uname -m)." \
                "Add the wheel's hash to requirements/engine.txt and the library's to $0."
            ;;
    esac
    if holds "$digest" ".tools/engines/$ENGINE"; then return; fi

    virtual_environment "$VENV"
    say "fetching ONNX Runtime into .tools/engines"
    # Nothing of a half or refused download stays behind.
    trap 'rm -rf .tools/staging' EXIT
    rm -rf "$staging"
    mkdir -p "$staging" .tools/engines/licences/onnxruntime
    # One wheel for every Python: the library inside is the same.
    quietly "$VENV/bin/python" -m pip download --disable-pip-version-check --no-deps --only-binary=:all: \
        --implementation cp --python-version 3.11 --platform "$platform" --require-hashes \
        --requirement requirements/engine.txt --dest "$staging" \
        || fail "ONNX Runtime's wheel could not be fetched (above)." \
            "Check the network and pip's own settings (\`pip config list\`), then run this again."
    "$VENV/bin/python" - "$staging"/*.whl "$staging" "$ENGINE" <<'PYTHON'
import pathlib, sys, zipfile

wheel, staging, engine = sys.argv[1:]
with zipfile.ZipFile(wheel) as files:
    for name in ["capi/" + engine, "LICENSE", "ThirdPartyNotices.txt"]:
        pathlib.Path(staging, pathlib.Path(name).name).write_bytes(files.read("onnxruntime/" + name))
PYTHON
    holds "$digest" "$staging/$ENGINE" \
        || fail "$ENGINE in the wheel is not the pinned one." "Nothing was installed. Do not use that wheel."
    mv "$staging/LICENSE" "$staging/ThirdPartyNotices.txt" .tools/engines/licences/onnxruntime/
    # Last, and in one step: who sees the library sees all of it.
    mv "$staging/$ENGINE" .tools/engines/
}

holds() { # SHA-256 FILE
    [[ -f $2 && "$(sha256sum "$2")" == "$1  $2" ]]
}

# MARK: PostgreSQL

# Debian's package would make a cluster for the whole machine and start it. The tests have servers of their own: what keeps it
# from doing so is there only while the package is being installed.
postgresql() {
    local folder=/etc/postgresql-common/createcluster.d
    if ! compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null && command -v dpkg-query >/dev/null; then
        debian_packages postgresql-common
        # A subshell, because a trap of another part is not to be lost.
        (
            trap 'as_root rm -f "$folder/slipway.conf"; as_root rmdir --ignore-fail-on-non-empty "$folder"' EXIT
            as_root mkdir -p "$folder"
            as_root tee "$folder/slipway.conf" >/dev/null <<<'create_main_cluster = false'
            debian_packages postgresql
        )
    fi
    debian_packages postgresql libpq5
}

# MARK: Programs whose Debian packages would start a server of the whole machine

# Puts a package's files into .tools/NAME, and installs nothing.
program_of_package() { # NAME PACKAGE…
    local name=$1 staging=.tools/staging package
    shift
    say "fetching $name's program into .tools/$name"
    trap 'rm -rf .tools/staging' EXIT
    rm -rf "$staging"
    mkdir -p "$staging"
    for package in "$@"; do
        (cd "$staging" && apt-get -q -o APT::Sandbox::User=root download "$package") >.tools/setup.log 2>&1 && break
    done
    compgen -G "$staging/*.deb" >/dev/null || return 1
    dpkg-deb -x "$staging"/*.deb "$staging/$name"
    rm -rf ".tools/$name"
    mv "$staging/$name" ".tools/$name"
}

# The floor that `make bench` measures others against, which leaves it out when there is no nginx.
nginx_program() {
    if [[ -x .tools/nginx/usr/sbin/nginx ]] || command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]]; then return; fi
    if ! command -v apt-get >/dev/null; then
        say "this is not Debian or Ubuntu: have nginx on the PATH for the benchmark's floor"
        return
    fi
    program_of_package nginx nginx nginx-core \
        || say "nginx could not be fetched (.tools/setup.log says why): the benchmark goes without its floor"
}

# What collects /metrics in the tests, and checks the rules in deploy/.
prometheus_program() {
    if [[ -x .tools/prometheus/usr/bin/promtool ]] || command -v promtool >/dev/null; then return; fi
    command -v apt-get >/dev/null \
        || fail "Prometheus was not found on the PATH." "Have \`prometheus\` and \`promtool\` there."
    program_of_package prometheus prometheus && return
    # A machine that has never asked for the list of packages.
    quietly as_root apt-get update && program_of_package prometheus prometheus \
        || fail "The package prometheus could not be fetched (.tools/setup.log says why)." \
            "Check the network and the package sources, or have \`prometheus\` and \`promtool\` on the PATH."
}

# MARK: Alertmanager

# Its program alone, for the same reason. Without it, the tests that send it alerts are left out.
alertmanager_program() {
    local folder=.tools/alertmanager staging=.tools/staging
    if [[ -x $folder/usr/bin/prometheus-alertmanager ]] || command -v prometheus-alertmanager >/dev/null; then return; fi
    if ! command -v apt-get >/dev/null; then
        say "this is not Debian or Ubuntu: have prometheus-alertmanager on the PATH for its tests"
        return
    fi
    say "fetching Alertmanager's program into $folder"
    trap 'rm -rf .tools/staging' EXIT
    rm -rf "$staging"
    mkdir -p "$staging"
    (cd "$staging" && apt-get -q -o APT::Sandbox::User=root download prometheus-alertmanager) >.tools/setup.log 2>&1 || {
        say "Alertmanager could not be fetched (.tools/setup.log says why): its tests are left out"
        return
    }
    dpkg-deb -x "$staging"/prometheus-alertmanager*.deb "$staging/alertmanager"
    rm -rf "$folder"
    mv "$staging/alertmanager" "$folder"
}

# MARK: Servers to compare with

# The benchmark goes without what cannot be installed. A subshell, because `fail` ends the shell.
peer() { # FOLDER NAME, of requirements/NAME.txt [BELOW]
    (virtual_environment "$1" ${3:+"$3"} && python_packages "$1" "$2") \
        || say "the benchmark goes without what is in requirements/$2.txt"
}

compiled() { # RESULT SOURCE…
    local result=$1 source
    shift
    for source in "$@"; do [[ $result -nt $source ]] || return 1; done
}

grpc_load() {
    local result=.tools/bench/grpc_load source=Benchmarks/peers/grpc_load.cpp
    debian_packages g++ libnghttp2-dev
    if compiled "$result" "$source"; then return; fi
    say "compiling $source"
    mkdir -p .tools/bench
    quietly g++ -std=c++20 -O2 -Wall -Wextra -o "$result" "$source" -lnghttp2 \
        || fail "$source could not be compiled (above)." "Install a C++ compiler and libnghttp2, then run this again."
}

# Triton's wheel has the process that runs Python models once for each Python, and its server looks for it beside the
# backend. The backend for ONNX Runtime is compiled here.
triton() {
    local venv=$1 site version root wall=Sources/Walls/CONNXRuntime source=Benchmarks/peers/triton_backend.cpp
    site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    root=$site/pytriton/tritonserver
    if compiled "$venv/.backend" "$source" "$wall"/*.c "$wall"/include/*.h "$venv/.peers-triton"; then return; fi
    [[ -x $root/python_backend_stubs/$version/triton_python_backend_stub ]] \
        || fail "Triton's wheel has no process for Python $version." "Name another: SLIPWAY_PYTHON=/path/to/python3"
    say "compiling $source"
    cp "$root/python_backend_stubs/$version/triton_python_backend_stub" "$root/backends/python/"
    if ldd "$root/backends/python/triton_python_backend_stub" | grep -q 'libpython.*not found'; then
        debian_packages "libpython$version"
    fi
    mkdir -p "$root/backends/slipwayonnx"
    quietly gcc -O2 -fPIC -D_Nullable= -D_Nonnull= -I "$wall/include" -c "$wall/shim.c" -o .tools/bench/shim.o \
        && quietly g++ -std=c++20 -O2 -Wall -Wextra -Wno-unknown-pragmas -fPIC -shared -I "$wall/include" "$source" \
            .tools/bench/shim.o -o "$root/backends/slipwayonnx/libtriton_slipwayonnx.so" \
        || fail "$source could not be compiled (above)." "Mend what it says, then run this again."
    touch "$venv/.backend"
}

# MARK: What each part needs

part() {
    case "$1" in
        build)
            debian_packages ca-certificates git g++ pkg-config libsqlite3-dev zlib1g-dev
            check_swift
            ;;
        engine) engine ;;
        test)
            # The sandbox, and what runs workers that are no Python of ours: R, Java, and PyTorch as a CPU build.
            debian_packages bubblewrap r-base-core r-cran-jsonlite openjdk-17-jdk-headless python3-torch
            postgresql
            alertmanager_program
            virtual_environment "$VENV"
            python_packages "$VENV" test
            ;;
        clients)
            virtual_environment "$VENV_CLIENTS"
            python_packages "$VENV_CLIENTS" clients
            virtual_environment "$VENV_MLSERVER" "$PYTHON_MLSERVER_BELOW"
            python_packages "$VENV_MLSERVER" mlserver
            ;;
        grpc)
            virtual_environment "$VENV_GRPC"
            python_packages "$VENV_GRPC" grpc
            ;;
        mlflow)
            virtual_environment "$VENV_MLFLOW"
            python_packages "$VENV_MLFLOW" mlflow
            virtual_environment "$VENV_MLFLOW2"
            python_packages "$VENV_MLFLOW2" mlflow2
            ;;
        telemetry)
            prometheus_program
            virtual_environment "$VENV_TELEMETRY"
            python_packages "$VENV_TELEMETRY" telemetry
            ;;
        python)
            virtual_environment "$VENV_PYTHON"
            python_packages "$VENV_PYTHON" python
            ;;
        bench)
            debian_packages wrk
            nginx_program
            virtual_environment "$VENV_BENCH" "$PYTHON_MLSERVER_BELOW"
            python_packages "$VENV_BENCH" bench
            ;;
        peers)
            debian_packages wrk
            grpc_load
            virtual_environment "$VENV_PEERS"
            python_packages "$VENV_PEERS" peers
            peer "$VENV_BENCH" bench "$PYTHON_MLSERVER_BELOW"
            peer "$VENV_PEERS-bentoml" peers-bentoml
            peer "$VENV_PEERS-mlflow" peers-mlflow
            peer "$VENV_PEERS-triton" peers-triton "$PYTHON_TRITON_BELOW"
            if [[ -e $VENV_PEERS-triton/.peers-triton ]]; then
                (triton "$VENV_PEERS-triton") || say "the benchmark goes without Triton"
            fi
            ;;
        examples)
            virtual_environment "$VENV"
            python_packages "$VENV" test
            python_packages "$VENV" examples
            debian_packages python3-torch python3-sklearn python3-numpy
            ;;
        *)
            fail "There is no part named $1." \
                "Parts: build, engine, test, clients, grpc, mlflow, python, telemetry, bench, peers, examples."
            ;;
    esac
}

mkdir -p .tools
# Two at once would spoil each other's work; the second waits.
if command -v flock >/dev/null; then
    exec 9>.tools/setup.lock
    flock 9
fi
(($#)) || set -- build engine test
for name in "$@"; do part "$name"; done
say "$* ready"
