// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import Synchronization
internal import Tensors

/// Answers that one version gave, for requests with the same inputs, within a bound of bytes: the least recently used
/// leave first.
///
/// Belongs to one loaded version at one endpoint, so that no answer outlives the bundle that gave it, and another version
/// starts with none. Endpoints without one take no lock.
package final class ResponseCache: Sendable {
    /// What an entry and each of its tensors take beside their bytes, about: places in lists, objects, their allocation.
    static let entryOverhead = 256
    static let tensorOverhead = 192

    package let byteLimit: Int
    private let kept: Mutex<RecencyList>

    init(byteLimit: Int) {
        self.byteLimit = byteLimit
        kept = Mutex(RecencyList())
    }

    /// The cache for `live` under a setting: the one from before where nothing changed.
    static func of(_ live: LiveVersion?, _ limit: ByteCount?, after before: EndpointState?) -> ResponseCache? {
        guard let live, let limit else { return nil }
        if let before, before.live === live, let cache = before.cache, cache.byteLimit == limit.bytes { return cache }
        return ResponseCache(byteLimit: limit.bytes)
    }

    /// What was answered to these inputs; `nil` when that is not known.
    func answers(to key: CacheKey) -> [Tensor]? { kept.withLock { $0.value(of: key) } }

    /// Keeps an answer, unless it alone takes more than is allowed.
    func keep(_ answers: [Tensor], for key: CacheKey) {
        let cost = Self.entryOverhead + key.byteCount + answers.reduce(0) { $0 + $1.keptByteCount }
        guard cost <= byteLimit else { return }
        // Outside the lock. Copies, because inputs lie in the request, and answers in those of all that ran together.
        let (key, answers) = (key.owned, answers.map(\.owned))
        kept.withLock { $0.insert(answers, for: key, cost: cost, limit: byteLimit) }
    }

    /// Entries, and what they take.
    package var contents: (entries: Int, bytes: Int) { kept.withLock { ($0.count, $0.cost) } }
}

/// Entries in the order of their last use.
private struct RecencyList {
    private struct Node {
        let key: CacheKey
        var value: [Tensor]
        var cost: Int
        /// Places of the neighbours: more recently used before, less recently after; −1 for none.
        var before = -1
        var after = -1
    }

    private var places: [CacheKey: Int] = [:]
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var newest = -1
    private var oldest = -1
    private(set) var cost = 0

    var count: Int { places.count }

    mutating func value(of key: CacheKey) -> [Tensor]? {
        guard let place = places[key] else { return nil }
        unlink(place)
        linkFirst(place)
        return nodes[place]?.value
    }

    mutating func insert(_ value: [Tensor], for key: CacheKey, cost: Int, limit: Int) {
        if let place = places[key] { remove(place) }
        while self.cost + cost > limit, oldest >= 0 { remove(oldest) }
        let place = free.popLast() ?? nodes.count
        let node = Node(key: key, value: value, cost: cost)
        if place == nodes.count { nodes.append(node) } else { nodes[place] = node }
        places[key] = place
        self.cost += cost
        linkFirst(place)
    }

    private mutating func remove(_ place: Int) {
        unlink(place)
        guard let node = nodes[place] else { return }
        nodes[place] = nil
        places[node.key] = nil
        cost -= node.cost
        free.append(place)
    }

    private mutating func unlink(_ place: Int) {
        guard let node = nodes[place] else { return }
        if node.before >= 0 { nodes[node.before]?.after = node.after } else { newest = node.after }
        if node.after >= 0 { nodes[node.after]?.before = node.before } else { oldest = node.before }
    }

    private mutating func linkFirst(_ place: Int) {
        nodes[place]?.before = -1
        nodes[place]?.after = newest
        if newest >= 0 { nodes[newest]?.before = place } else { oldest = place }
        newest = place
    }
}
