// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain

/// Which server a command talks to: one that is named, or the one that runs on this machine.
struct ServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server to talk to (SLIPWAY_URL); without it, the one that runs on this machine.", valueName: "url"))
    var server: String?

    @Option(
        help: "The token to show it. Prefer SLIPWAY_TOKEN: what stands on a command line is seen in process lists.")
    var token: String?

    @OptionGroup var folder: DataOptions

    /// The address that was named. A data folder on the command line says more than an address in the environment.
    var namedURL: String? {
        server ?? (folder.data == nil ? Console.current.environment["SLIPWAY_URL"].flatMap(nonEmpty) : nil)
    }

    /// - Throws: `SYS-005` when none was named and none runs here.
    func client() async throws -> SlipwayClient {
        guard let client = try await clientIfAny() else {
            throw Refusal(
                .serverUnreachable, .unavailable, "No server runs on this machine.",
                hint: "Start one with `slipway serve`, or name another with --server.")
        }
        return client
    }

    /// - Returns: `nil` when none was named and none runs here.
    func clientIfAny() async throws -> SlipwayClient? {
        let local = try await Tools.required().runningServer(data: folder.data)
        guard let url = namedURL else { return try local.map(client(for:)) }
        let named = try SlipwayClient(
            url: url, token: chosenToken, trust: certificateFile.map(ServerTrust.authorities) ?? .system)
        // Who names the server of this very data folder need not look up its token.
        return named.url == local?.url ? try local.map(client(for:)) : named
    }

    func client(for local: LocalServer) throws -> SlipwayClient {
        try SlipwayClient(
            url: local.url, token: chosenToken ?? local.token, trust: local.certificate.map(ServerTrust.own) ?? .system)
    }

    /// What further commands need in order to reach the same server.
    var repeated: String {
        if let server { return " --server \(shellWord(server))" }
        return folder.data.map { " --data \(shellWord($0))" } ?? ""
    }

    /// Certificates to trust beside those that the system trusts.
    private var certificateFile: String? { Console.current.environment["SLIPWAY_CA_FILE"].flatMap(nonEmpty) }

    private var chosenToken: String? { token ?? Console.current.environment["SLIPWAY_TOKEN"].flatMap(nonEmpty) }
}

/// The same without a data folder's option, whose name a command has for something else: SLIPWAY_DATA names that.
struct RemoteServerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The server to talk to (SLIPWAY_URL); without it, the one that runs on this machine.", valueName: "url"))
    var server: String?

    @Option(
        help: "The token to show it. Prefer SLIPWAY_TOKEN: what stands on a command line is seen in process lists.")
    var token: String?

    func client() async throws -> SlipwayClient {
        var folder = DataOptions()
        folder.data = nil
        var options = ServerOptions()
        options.server = server
        options.token = token
        options.folder = folder
        return try await options.client()
    }
}

private func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
