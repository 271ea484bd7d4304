// SPDX-License-Identifier: Apache-2.0
internal import ArgumentParser

/// Where the registry of a platform is.
struct DatabaseOptions: ParsableArguments {
    static let variable = "SLIPWAY_DATABASE"

    @Option(
        help: ArgumentHelp(
            "Keep the registry in PostgreSQL, at postgres://USER@HOST:PORT/NAME, instead of a file in the data folder. "
                + "Without it, \(variable), which no process list shows: a password belongs there, or into libpq's "
                + "password file.",
            valueName: "url"))
    var database: String?

    /// The URL of the command line, else of the environment; `nil` for a file in the data folder.
    var chosen: String? {
        if let database { return database }
        guard let url = Console.current.environment[Self.variable], !url.isEmpty else { return nil }
        return url
    }
}
