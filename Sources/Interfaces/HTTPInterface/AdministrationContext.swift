// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import Hummingbird
internal import ModelDomain
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

    /// Who asks.
    ///
    /// - Throws: `ACC-001` where nobody was asked for a token.
    func principal() throws -> Principal {
        guard let principal = requester.principal else { throw AccessDenial.tokenMissing }
        return principal
    }

    /// The project that the body names, as the gate has read and judged it; the standard one where it names none.
    var project: ProjectName { requester.project ?? .standard }
}

/// Who asked, and for which project: found out inside of what logs the request.
final class Requester: Sendable {
    private struct State {
        var name: String?
        var principal: Principal?
        var project: ProjectName?
    }

    private let state = Mutex(State())

    var name: String? {
        get { state.withLock(\.name) }
        set { state.withLock { $0.name = newValue } }
    }

    var principal: Principal? { state.withLock(\.principal) }
    var project: ProjectName? { state.withLock(\.project) }

    func take(_ principal: Principal) {
        state.withLock {
            $0.name = principal.name.rawValue
            $0.principal = principal
        }
    }

    func take(_ project: ProjectName) { state.withLock { $0.project = project } }
}
