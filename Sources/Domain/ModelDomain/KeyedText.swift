// SPDX-License-Identifier: Apache-2.0

/// A key with a text: a tag of anything, or a parameter of a run.
package struct KeyedText: Sendable, Hashable {
    package let key: String
    package let value: String

    package init(_ key: String, _ value: String) {
        self.key = key
        self.value = value
    }
}
