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

extension [KeyedText] {
    /// The last text of each key.
    package var byKey: [String: String] {
        Dictionary(map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
}
