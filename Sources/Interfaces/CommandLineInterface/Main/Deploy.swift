// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ArgumentParser
internal import ModelDomain
internal import ModelPackaging
internal import WireTypes

struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a model to an endpoint that answers, and that proves itself first.",
        discussion: """
            Packs the model, sends what the server does not have yet, and has the endpoint answer with it once it has \
            proved itself there. When no server runs, one is started in the background.

            A version that a client of MLflow registered is named as NAME@ALIAS or NAME@NUMBER: it is packed from the files \
            that were logged, and stays the version that it is.

            Example: slipway deploy examples/breast-cancer --reason "first version"
            """)

    @OptionGroup var source: SourceOptions

    @Option(help: "The endpoint to deploy to; without it, those of the project file, else one of the model's name.")
    var endpoint: EndpointName?

    @Option(help: ArgumentHelp("Why, for the ledger.", valueName: "text"))
    var reason: String?

    @Option(help: "The run that it came of (SLIPWAY_RUN_ID, as `slipway run start` sets it).")
    var run: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    mutating func run() async throws {
        if let registered = try source.registered, try await deployPacked(registered) { return }
        let console = Console.current
        let packed = try await source.pack(for: server)
        let bundle = packed.bundle
        if output.format == .text { try console.line(bundle.verdict.checkedLine) }

        let client = try await clientOrStart()
        let version = try await explainingRights(registered: nil) {
            try await BundleUpload(packed, to: client, run: linkedRun(on: client)).register()
        }
        var deployed: [DeployedV1] = []
        for name in try endpoints(of: bundle) {
            console.progress("deploying version \(version.version) to \(name)")
            let deployment = DeployV1(
                project: bundle.model.project.rawValue, model: bundle.model.name.rawValue,
                version: String(version.version), reason: reason,
                settings: bundle.endpointSettings[name].map(settingTexts))
            deployed.append(
                try await explainingRights(registered: version.version) {
                    try await client.deploy(deployment, to: name)
                })
        }
        let report = DeployReport(bundle: bundle, version: version.version, deployed: deployed, server: client.url)
        let row = output.format == .text ? try await packed.firstRow() : nil
        try output.write(report, asText: report.text(row: row, sameServer: server.repeated))
    }

    /// Says what all of the command needs, where a token may not do a part of it, and how far it came.
    private func explainingRights<Result: Sendable>(
        registered version: Int?, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let refusal as Refusal where refusal.explanation.code == .tokenRefused {
            let reason = refusal.explanation
            let rights =
                "`slipway deploy` registers a version and has an endpoint answer with it: that takes the roles "
                + "developer and approver, or admin."
            let progress = version.map { " Version \($0) is registered." } ?? ""
            throw Refusal(
                reason.code, reason.kind, reason.message,
                hint: [reason.hint, rights + progress].compactMap(\.self).joined(separator: " "),
                details: reason.details)
        }
    }

    /// Deploys a registered version that has a bundle.
    ///
    /// - Returns: `false` for one that has to be packed first.
    private func deployPacked(_ registered: RegisteredSource) async throws -> Bool {
        let client = try await server.client()
        let version = try await client.version(registered.version, of: registered.model)
        guard version.bundle != nil else { return false }
        let name = try endpoint ?? EndpointName(registered.model.name.rawValue)
        let deployed = try await client.deploy(
            DeployV1(
                project: registered.model.project.rawValue, model: registered.model.name.rawValue,
                version: String(version.version), reason: reason), to: name)
        let report = DeployReport(version, of: registered.model, deployed: [deployed], server: client.url)
        try output.write(report, asText: report.text(row: nil, sameServer: server.repeated))
        return true
    }

    /// A run that the environment names is one of the server that the environment names.
    private func linkedRun(on client: SlipwayClient) -> String? {
        let environment = Console.current.environment
        if let run { return run }
        guard let run = environment["SLIPWAY_RUN_ID"], !run.isEmpty, environment["SLIPWAY_URL"] == client.url else {
            return nil
        }
        return run
    }

    private func clientOrStart() async throws -> SlipwayClient {
        if let client = try await server.clientIfAny() { return client }
        Console.current.note("no server runs yet: starting one in the background (`slipway stop` ends it)")
        let local = try await Tools.required().startServer(data: server.folder.data)
        Console.current.note("server at \(local.url.printable), process \(local.processID)")
        return try server.client(for: local)
    }

    private func endpoints(of bundle: PackedBundle) throws -> [EndpointName] {
        if let endpoint { return [endpoint] }
        return bundle.endpoints.isEmpty ? [try EndpointName(bundle.model.name.rawValue)] : bundle.endpoints
    }
}
