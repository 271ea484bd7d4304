#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Puts the engine's library where a freshly built binary looks for it: ../lib/slipway.
#
#     scripts/link-engine.sh debug|release
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(dirname "$(swift build -c "$1" --show-bin-path)")/lib
mkdir -p "$folder"
ln -sfn "$PWD/.tools/engines" "$folder/slipway"
