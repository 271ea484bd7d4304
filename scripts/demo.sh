#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Deploys the two example models on this machine, sends them real rows, and leaves the server running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PATH="$PWD/.build/release:$PATH"
show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

slipway demo
show slipway deploy examples/digits
show slipway predict digits --rows examples/digits/row.json
show slipway status

cat <<END

The server keeps running. From this folder:

    export PATH="$PWD/.build/release:\$PATH"
    slipway predict breast-cancer --rows examples/breast-cancer/row.json
END
