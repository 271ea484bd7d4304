// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import WireTypes

/// One line an endpoint.
func endpointTable(_ endpoints: [EndpointV1]) -> Table {
    Table(
        header: [
            "ENDPOINT", "MODEL", "LIVE", "WANTED", "READY", "PROOF", "REQUESTS", "FAILED", "REFUSED", "ONE ROW",
            "RUNS ON", "MEMORY",
        ],
        rows: endpoints.map { endpoint in
            [
                endpoint.name, endpoint.model,
                endpoint.liveVersion.map(String.init) ?? (endpoint.cold ?? false ? "cold" : "–"),
                String(endpoint.wantedVersion), endpoint.ready ? "yes" : "no",
                endpoint.proof.map { $0.proven ? "proven" : "not proven" } ?? "–",
                String(endpoint.requests.accepted), String(endpoint.requests.failed),
                String(endpoint.requests.refused.values.reduce(0, +)),
                endpoint.oneRowMicroseconds.map { durationText(microseconds: $0) } ?? "–", placementText(endpoint),
                memoryText(endpoint),
            ]
        }, numbers: [2, 3, 6, 7, 8, 9, 11])
}

/// What the version that answers takes of the server's memory.
func memoryText(_ endpoint: EndpointV1) -> String {
    guard let own = endpoint.ownBytes, let engine = endpoint.engineBytes else { return "–" }
    return byteText(own + engine)
}

/// `inline`, `lane`; with `(set)` where a person chose it.
func placementText(_ endpoint: EndpointV1) -> String {
    guard let place = endpoint.runsOn else { return "–" }
    return endpoint.settings[EndpointSettings.Key.runOn.rawValue] == place ? "\(place) (set)" : place
}

/// Why the wanted version does not answer, with the rows that differ; `nil` when it does.
func whyNotReady(_ endpoint: EndpointV1) -> String? {
    guard !endpoint.ready || endpoint.problem != nil else { return nil }
    let meanwhile = endpoint.liveVersion.map { "version \($0) answers meanwhile" } ?? "nothing answers"
    guard let explanation = endpoint.problem?.explanation else {
        return "\(endpoint.name.printable): version \(endpoint.wantedVersion) is not ready yet; \(meanwhile)."
    }
    let head = "\(endpoint.name): version \(endpoint.wantedVersion) is not ready; \(meanwhile). \(explanation.line)"
    return ([head.printable] + detailLines(explanation).map { "  \($0)" }).joined(separator: "\n")
}
