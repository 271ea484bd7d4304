// SPDX-License-Identifier: Apache-2.0
internal import APIClient
internal import ModelDomain
internal import WireTypes

/// An endpoint whose settings are changed for a while, and then are what they were.
actor EndpointTrial {
    private let client: SlipwayClient
    private let name: EndpointName
    private let original: EndpointV1
    /// Every value that a setting was given here. One that has another by now was set by somebody else meanwhile.
    private var given: [String: Set<String>] = [:]
    private var present: [String: String]

    init(_ endpoint: EndpointV1, named name: EndpointName, of client: SlipwayClient) {
        self.client = client
        self.name = name
        original = endpoint
        present = endpoint.settings
    }

    /// Sets what is not so already.
    ///
    /// - Returns: The endpoint, now.
    @discardableResult
    func set(_ texts: [String: String], because reason: String) async throws -> EndpointV1 {
        try Task.checkCancellation()
        let changes = texts.filter { present[$0.key] != $0.value }
        guard !changes.isEmpty else { return try await client.endpoint(name).endpoint }
        for (key, value) in changes { given[key, default: []].insert(value) }
        let endpoint = try await send(changes, because: reason)
        present = endpoint.settings
        return endpoint
    }

    /// - Throws: `SLO-002` when it is not the endpoint any more that is measured: it got another version, or somebody else
    ///   set something.
    func check(_ endpoint: EndpointV1) throws {
        let isSame = endpoint.generation == original.generation && endpoint.liveVersion == original.liveVersion
        guard isSame, endpoint.settings == present else {
            throw Refusal(
                .measurementDisturbed, .conflict,
                "“\(name)” was changed while it was measured: "
                    + (isSame ? "somebody set something else." : "another version answers."),
                hint: "Begin again when nobody works on it.")
        }
    }

    /// Gives every setting back that was changed here and by nobody else since. Not ended by a cancellation.
    ///
    /// - Throws: `SLO-003` with the command that does it, when the server cannot be asked.
    func restore(server: String) async throws {
        guard !given.isEmpty else { return }
        do {
            let now = try await current().settings
            let changes = given.filter { key, values in
                now[key] != original.settings[key] && now[key].map(values.contains) ?? false
            }
            let texts: [String: String] = changes.keys.reduce(into: [:]) { texts, key in
                texts[key] = original.settings[key]
            }
            if !texts.isEmpty { _ = try await send(texts, because: "slipway size: as it was") }
            given = [:]
        } catch let error as any ExplainedError {
            let texts = original.settings.filter { given[$0.key] != nil }
            throw Refusal(
                .settingsNotRestored, .unavailable,
                "The settings of “\(name)” could not be put back: \(error.explanation.message)",
                hint: "Do it with `\(settingCommand(texts, of: name, server: server))`.")
        }
    }

    private func current() async throws -> EndpointV1 {
        try await Task { [client, name] in try await client.endpoint(name).endpoint }.value
    }

    /// A change that has been sent is waited for, come what may: else it could take effect after it was taken back.
    private func send(_ texts: [String: String], because reason: String) async throws -> EndpointV1 {
        try await Task { [client, name] in
            try await client.configureEndpoint(
                name, ConfigureEndpointV1(settings: texts, reset: nil, reason: reason))
        }.value
    }
}
