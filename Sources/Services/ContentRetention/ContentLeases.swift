// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
internal import Synchronization

/// Contents that somebody works with who has no row for them yet, such as a backup that is being copied.
///
/// They are forgotten when the process ends: who held them has to begin again anyway, and finds in the trash what went in
/// between.
package final class ContentLeases: Sendable {
    private let held = Mutex<[String: (contents: Set<Digest>, end: Timestamp)]>([:])

    package init() {}

    package func hold(_ contents: Set<Digest>, as id: String, until end: Timestamp) {
        held.withLock { $0[id] = (contents, end) }
    }

    package func release(_ id: String) { held.withLock { _ = $0.removeValue(forKey: id) } }

    /// All that is held at `time`.
    package func contents(at time: Timestamp) -> Set<Digest> {
        held.withLock { held in
            held = held.filter { $0.value.end > time }
            return held.values.reduce(into: []) { $0.formUnion($1.contents) }
        }
    }
}
