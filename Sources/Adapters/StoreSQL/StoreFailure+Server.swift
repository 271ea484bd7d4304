// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// What can be wrong with a database that another process keeps.
package enum ServerProblem: Sendable, Equatable {
    /// The library that speaks to it cannot be loaded, with the system's reason.
    case libraryMissing(String)
    /// It does not answer, or the connection broke; with the cause where it is known.
    case unreachable(String?)
    /// It does not take the user or the password, or the user may not do this.
    case accessDenied(String?)
    /// The server has no database of that name.
    case databaseMissing
    /// All connections that it lets us have are in use.
    case tooManyConnections
    /// It takes no changes: it follows another server, or was told so.
    case readOnly
    /// Its disk is full.
    case diskFull
    /// It keeps texts in an encoding that has not all letters.
    case encoding(String)
    /// The connection broke while a change was being committed.
    case outcomeUnknown
    /// It gave up on a statement, or somebody there did.
    case tooSlow
    /// A server with another data folder uses it.
    case inUse

    /// - Parameter address: Host and name of the database, without user and password.
    func explanation(at address: String) -> Explanation {
        switch self {
        case .libraryMissing(let reason):
            Explanation(
                .storeUnavailable, .unavailable, "PostgreSQL's library cannot be loaded.",
                hint: "Install Debian's package libpq5, or what has libpq.so.5 on this system.",
                details: [.init("cause", reason)])
        case .unreachable(let cause):
            Explanation(
                .storeUnavailable, .unavailable, "The registry's database \(address) cannot be reached.",
                hint: "See to it that PostgreSQL runs there and takes connections from here.", details: details(cause))
        case .accessDenied(let cause):
            Explanation(
                .storeUnavailable, .unavailable,
                "The registry's database \(address) does not let this user in or do this.",
                hint: "Check user and password, and that the user owns the database.", details: details(cause))
        case .databaseMissing:
            Explanation(
                .storeUnavailable, .unavailable, "There is no database \(address).",
                hint: "Make it with `createdb --template template0 --encoding UTF8 NAME`, owned by the user of the URL."
            )
        case .tooManyConnections:
            Explanation(
                .storeUnavailable, .unavailable, "The registry's database \(address) has no connection free.",
                hint: "Raise max_connections there, or end others.")
        case .readOnly:
            Explanation(
                .storeUnavailable, .unavailable, "The registry's database \(address) takes no changes.",
                hint: "Connect to the server that others follow: `target_session_attrs=read-write` in the URL finds it."
            )
        case .diskFull:
            Explanation(
                .diskFull, .unavailable,
                "The disk of the registry's database \(address) is full: the change was not made.",
                hint: "Make room on the database server and try again.")
        case .encoding(let name):
            Explanation(
                .storeUnavailable, .unavailable, "The registry's database \(address) keeps texts as \(name).",
                hint: "Make one with `createdb --template template0 --encoding UTF8 NAME`.")
        case .outcomeUnknown:
            Explanation(
                .storeUnavailable, .unavailable,
                "The registry's database \(address) was lost while a change was committed: it may have been made or not.",
                hint: "Look whether it was, as with `slipway ledger list`, before you send it again.")
        case .tooSlow:
            Explanation(
                .storeUnavailable, .unavailable,
                "The registry's database \(address) took too long, and nothing was changed.",
                hint: "Try again; look there what else it does.")
        case .inUse:
            Explanation(
                .dataFolderInUse, .conflict, "A server with another data folder uses the database \(address).",
                hint:
                    "Stop it, or give each server a database of its own. The connection of a machine that was lost ends "
                    + "within two minutes.")
        }
    }

    private func details(_ cause: String?) -> [Explanation.Detail] { cause.map { [.init("cause", $0)] } ?? [] }
}

extension StoreFailure {
    /// The one place where PostgreSQL's SQLSTATEs get a meaning.
    ///
    /// - Parameter address: Host and name of the database.
    init(_ error: PostgreSQLError, at address: String) {
        let reason: Reason =
            switch error.state ?? "" {
            case "53100": .server(.diskFull, at: address)
            case "53300": .server(.tooManyConnections, at: address)
            // Conflicts, and locks that others hold.
            case "40001", "40P01", "55P03": .busy
            case "57014": .server(.tooSlow, at: address)
            case "42501": .server(.accessDenied(error.cause), at: address)
            case let state where state.hasPrefix("28"): .server(.accessDenied(error.cause), at: address)
            case "3D000": .server(.databaseMissing, at: address)
            case "25006": .server(.readOnly, at: address)
            case "58030": .deviceFailed
            case "XX001", "XX002": .damaged
            case _ where error.isConnectionLost: .server(.unreachable(error.cause), at: address)
            default: .refused
            }
        self.init(reason, underlying: error)
    }
}
