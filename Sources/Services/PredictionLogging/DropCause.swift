// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Why a prediction that was answered is not in the log, beside being left out by the endpoint's sample.
package enum DropCause: String, Sendable, CaseIterable {
    /// It came faster than the writer takes them.
    case ring
    /// What could not be written yet takes all the room that it may.
    case backlog
    /// The endpoint keeps one of ten while there is little room.
    case pressure
}

/// What became of an endpoint's predictions on their way to the log, since the server started:
/// `offered = sampled out + written + waiting + dropped`.
package final class LogCounters: Sendable {
    private let offeredCount = Atomic<Int>(0)
    private let sampledOutCount = Atomic<Int>(0)
    private let writtenCount = Atomic<Int>(0)
    private let byteCount = Atomic<Int>(0)
    private let drops = InlineArray<3, Atomic<Int>> { _ in Atomic(0) }
    private let failedSyncs = Atomic<Int>(0)
    /// Whether the writer is behind with this endpoint.
    private let pressed = Atomic<Bool>(false)

    package init() {}

    package var offered: Int { offeredCount.load(ordering: .relaxed) }
    /// Left out because the endpoint keeps only a share.
    package var sampledOut: Int { sampledOutCount.load(ordering: .relaxed) }
    /// In a file, and synced with it within the next tenth of a second.
    package var written: Int { writtenCount.load(ordering: .relaxed) }
    package var bytes: Int { byteCount.load(ordering: .relaxed) }
    package func dropped(_ cause: DropCause) -> Int { drops[Self.index(cause)].load(ordering: .relaxed) }
    /// For all causes.
    package var dropped: Int { DropCause.allCases.reduce(0) { $0 + dropped($1) } }

    /// How often something of what a recorder had handed over was lost, or may be: it never becomes less.
    var losses: Int { dropped(.backlog) + failedSyncs.load(ordering: .relaxed) }

    func failSync() { failedSyncs.add(1, ordering: .relaxed) }
    func offer() { offeredCount.add(1, ordering: .relaxed) }
    func leaveOut() { sampledOutCount.add(1, ordering: .relaxed) }
    func drop(_ cause: DropCause, _ count: Int = 1) { drops[Self.index(cause)].add(count, ordering: .relaxed) }
    func wrote(_ count: Int, bytes: Int) {
        writtenCount.add(count, ordering: .relaxed)
        byteCount.add(bytes, ordering: .relaxed)
    }

    var isPressed: Bool {
        get { pressed.load(ordering: .relaxed) }
        set { pressed.store(newValue, ordering: .relaxed) }
    }

    private static func index(_ cause: DropCause) -> Int {
        switch cause {
        case .ring: 0
        case .backlog: 1
        case .pressure: 2
        }
    }
}
