// SPDX-License-Identifier: Apache-2.0
import Statistics

let canaryKinds: [VectorKind] = []
