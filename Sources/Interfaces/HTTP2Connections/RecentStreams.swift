// SPDX-License-Identifier: Apache-2.0

/// The newest few streams of a kind: more would be memory for whoever makes many.
struct RecentStreams {
    private static let capacity = 512

    private var streams: [StreamID] = []
    private var next = 0

    mutating func insert(_ stream: StreamID) {
        if streams.count < Self.capacity {
            streams.append(stream)
        } else {
            streams[next] = stream
            next = (next + 1) % Self.capacity
        }
    }

    func contains(_ stream: StreamID) -> Bool { streams.contains(stream) }
}
