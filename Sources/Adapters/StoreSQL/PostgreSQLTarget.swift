// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain

/// The database to connect to, and the way to name it without its password.
struct PostgreSQLTarget: Sendable, CustomStringConvertible {
    let library: PostgreSQLLibrary
    /// Goes to libpq as it is, and nowhere else: it may have a password.
    fileprivate let url: String
    /// Host, port where it is not the usual one, and name.
    let description: String

    /// - Throws: `SYS-008` for what is no URL of PostgreSQL, without quoting it; ``StoreFailure`` without libpq.
    init(url: String, library name: String) throws {
        guard Self.schemes.contains(where: url.hasPrefix) else { throw Self.refusal }
        library = try PostgreSQLLibrary.load(name)
        guard let parts = library.parts(of: url) else { throw Self.refusal }
        self.url = url
        // A path is the folder of a socket on this machine.
        let host = parts["host"].flatMap { $0.isEmpty || $0.hasPrefix("/") ? nil : $0 }
        let port = parts["port"].flatMap { $0 == "5432" ? nil : ":\($0)" } ?? ""
        let place = host.map { "\($0)\(port)" } ?? "localhost\(port)"
        description = (parts["dbname"] ?? parts["user"]).map { "\(place)/\($0)" } ?? place
    }

    private static let schemes = ["postgres://", "postgresql://"]

    private static let refusal = Refusal(
        .optionRefused, .invalidInput, "What was given as the database is no URL of PostgreSQL.",
        hint:
            "Write it as postgres://USER@HOST:PORT/NAME, signs such as `@`, `/` and `%` in a part as `%40`, `%2F`, `%25`."
    )
}

extension PostgreSQLLink {
    /// Connects to `target`; what its URL says goes before what is usual.
    convenience init(to target: PostgreSQLTarget) throws(PostgreSQLError) {
        try self.init(
            target.library,
            settings: [
                ("connect_timeout", "5"),
                // A peer that is gone without a word is noticed within half a minute.
                ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
                ("tcp_user_timeout", "30000"), ("application_name", "slipway"),
                ("dbname", target.url), ("client_encoding", "UTF8"),
            ])
    }
}
