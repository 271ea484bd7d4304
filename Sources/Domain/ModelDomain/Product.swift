// SPDX-License-Identifier: Apache-2.0

/// What this program calls itself.
package enum Product {
    package static let name = "slipway"
    package static let version = "0.1.0"
    package static let nameAndVersion = "slipway 0.1.0"
}
