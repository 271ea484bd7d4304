// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Synchronization

/// Listens, on a connection and a thread of its own, for what servers tell each other through the database. All that is
/// told is that it is worth to look: what is missed is found a little later by whoever looks anyway.
///
/// It ends with its last holder, and waits for as long as the database is away.
final class PostgreSQLHints: Sendable {
    static let channel = "slipway_ledger"
    private let isOver = Atomic<Bool>(false)

    /// - Parameter told: Called on its thread.
    init(at target: PostgreSQLTarget, told: @escaping @Sendable () -> Void) {
        let thread = Thread { [weak self] in
            var link: PostgreSQLSession?
            while let self, !isOver.load(ordering: .acquiring) {
                do {
                    let session = try link ?? Self.listen(at: target)
                    link = session
                    guard let count = session.notifications(waiting: 500) else {
                        link = nil
                        continue
                    }
                    if count > 0 { told() }
                } catch {
                    link = nil
                    Thread.sleep(forTimeInterval: 1)
                }
            }
        }
        thread.name = "postgres-hints"
        thread.start()
    }

    deinit { end() }

    func end() { isOver.store(true, ordering: .releasing) }

    private static func listen(at target: PostgreSQLTarget) throws -> PostgreSQLSession {
        let session = try PostgreSQLSession(to: target)
        _ = try session.execute("LISTEN \(channel)")
        return session
    }
}

extension PostgreSQLDatabase {
    /// Yields when another server, or this one, has changed something that the ledger tells of.
    package static func hints(url: String) throws -> AsyncStream<Void> {
        let target = try PostgreSQLTarget(url: url, library: PostgreSQLLibrary.usualName)
        return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
            let hints = PostgreSQLHints(at: target) { continuation.yield() }
            continuation.onTermination = { _ in hints.end() }
        }
    }
}
