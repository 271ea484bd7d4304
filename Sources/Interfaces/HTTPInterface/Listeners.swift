// SPDX-License-Identifier: Apache-2.0
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// What a server takes connections from.
final class Listeners: Sendable {
    private let channels = Mutex<[any Channel]>([])

    func add(_ channel: any Channel) { channels.withLock { $0.append(channel) } }

    /// Takes no more: what comes now waits for whoever else takes from the same socket. When this returns every connection
    /// that was taken has reached its event loop.
    func pause(_ group: any EventLoopGroup) async {
        for channel in channels.withLock(\.self) {
            try? await channel.setOption(.autoRead, value: false).get()
        }
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
        for channel in channels.withLock(\.self) { try? await channel.eventLoop.submit {}.get() }
    }
}
