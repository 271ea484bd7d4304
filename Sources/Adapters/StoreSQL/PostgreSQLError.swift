// SPDX-License-Identifier: Apache-2.0

/// What PostgreSQL, or the way to it, said. It goes into the log only, and has no values: PostgreSQL tells those in a
/// sentence of its own, which is not kept.
struct PostgreSQLError: Error, CustomStringConvertible {
    /// SQLSTATE, five characters; `nil` where the server said nothing.
    let state: String?
    let message: String
    /// Whether nothing more can be asked on the connection.
    let isConnectionLost: Bool
    /// Why there is no connection, in few words; `nil` where there was one.
    let cause: String?

    init(state: String?, message: String, isConnectionLost: Bool) {
        self.state = state
        self.message = message
        self.isConnectionLost = isConnectionLost
        cause = nil
    }

    /// - Parameter message: What libpq says of an attempt to connect. It has no SQLSTATE.
    init(connecting message: String) {
        state = Self.states.first { message.contains($0.sentence) }?.state
        self.message = message
        isConnectionLost = true
        // The first line is `connection to server at "HOST" (ADDRESS), port N failed: CAUSE`.
        let line = message.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        let cause = line.firstRange(of: " failed: ").map { line[$0.upperBound...] } ?? line[...]
        self.cause = String(cause.trimmingPrefix("FATAL:").trimmingPrefix(while: \.isWhitespace).prefix(200))
    }

    var description: String { "PostgreSQL\(state.map { " \($0)" } ?? ""): \(message)" }

    /// The same transaction may do better when it runs again.
    var isConflict: Bool { state == "40001" || state == "40P01" }

    /// libpq keeps the SQLSTATE of a refused connection to itself. Servers that speak other languages are merely not
    /// reached, in our words.
    private static let states = [
        (sentence: "password authentication failed", state: "28P01"),
        (sentence: "no password supplied", state: "28P01"),
        (sentence: "no pg_hba.conf entry", state: "28000"),
        (sentence: "authentication failed", state: "28000"),
        (sentence: "FATAL:  role ", state: "28000"),
        (sentence: "permission denied for database", state: "42501"),
        (sentence: "FATAL:  database ", state: "3D000"),
        (sentence: "FATAL:  the database system is", state: "57P03"),
        (sentence: "too many clients", state: "53300"),
        (sentence: "connection slots are reserved", state: "53300"),
        (sentence: "too many connections", state: "53300"),
    ]
}
