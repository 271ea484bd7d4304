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

show slipway deploy examples/breast-cancer
show slipway deploy examples/digits
show slipway predict breast-cancer --rows examples/breast-cancer/row.json
show slipway predict digits --rows examples/digits/row.json
show slipway status

cat <<END

The server keeps running. From this folder:

    export PATH="$PWD/.build/release:\$PATH"
    slipway status                      # what answers, on what evidence
    slipway predict breast-cancer --rows examples/breast-cancer/row.json
    slipway stop                        # end the server; everything is kept
END
