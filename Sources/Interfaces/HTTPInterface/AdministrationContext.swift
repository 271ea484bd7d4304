// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import NIOCore
internal import Synchronization

/// What travels with one request of administration.
struct AdministrationContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let requester = Requester()
    /// What the request came by.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Who is written into the ledger. Routes run only after a token was accepted.
    var actor: String { requester.name ?? "nobody" }
}

/// Who asked: found out inside of what logs the request.
final class Requester: Sendable {
    private let state = Mutex<String?>(nil)

    var name: String? {
        get { state.withLock(\.self) }
        set { state.withLock { $0 = newValue } }
    }
}
