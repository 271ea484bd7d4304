// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// How far a reader has come.
final class Position: Sendable {
    private let mutex: Mutex<Int>

    init(_ value: Int) { mutex = Mutex(value) }

    var value: Int {
        get { mutex.withLock(\.self) }
        set { mutex.withLock { $0 = newValue } }
    }
}
