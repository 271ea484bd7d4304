#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Puts the engine's library, and the Python package, where a freshly built binary looks for them: ../lib/slipway.
#
#     scripts/link-engine.sh debug|release
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=$(dirname "$(swift build -c "$1" --show-bin-path)")/lib
[[ -L $folder/slipway ]] && rm "$folder/slipway"
mkdir -p "$folder/slipway"
ln -sf "$PWD"/.tools/engines/* "$folder/slipway/"
ln -sfn "$PWD/python" "$folder/slipway/python"
