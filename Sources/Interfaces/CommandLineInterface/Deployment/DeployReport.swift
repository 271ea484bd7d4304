// SPDX-License-Identifier: Apache-2.0
internal import ModelDomain
internal import ModelExecution
internal import ModelPackaging
internal import WireTypes

/// What a deployment came to. `endpoint`, `url`, `proven`, `summary` and `unchanged` are those of the first endpoint.
struct DeployReport: Encodable {
    struct Endpoint: Encodable {
        let name: String
        let url: String
        let generation: Int
        let replacedVersion: Int?
        let unchanged: Bool
        let drained: DrainedV1?
    }

    let model: String
    let project: String
    let version: Int
    let bundle: String
    let endpoint: String
    let url: String
    let proven: Bool
    let summary: String
    let unchanged: Bool
    let endpoints: [Endpoint]
    /// For a model that no engine opens as it is.
    let conversion: ConversionV1?
    private let server: String
    private let predictPaths: [String]

    private enum CodingKeys: String, CodingKey {
        case model, project, version, bundle, endpoint, url, proven, summary, unchanged, endpoints, conversion
    }

    /// - Parameter deployed: One for each endpoint, at least one.
    init(bundle: PackedBundle, version: Int, deployed: [DeployedV1], server: String) {
        self.init(
            bundle.model, version: version, bundle: bundle.digest.description, verdict: bundle.verdict,
            conversion: bundle.conversion.map(ConversionV1.init), deployed: deployed, server: server)
    }

    /// Of a version that was packed before.
    init(_ version: ModelVersionV1, of model: ModelReference, deployed: [DeployedV1], server: String) {
        self.init(
            model, version: version.version, bundle: version.bundle ?? "", verdict: nil, conversion: nil,
            deployed: deployed, server: server)
    }

    private init(
        _ model: ModelReference, version: Int, bundle: String, verdict: ProofVerdict?, conversion: ConversionV1?,
        deployed: [DeployedV1], server: String
    ) {
        self.model = model.name.rawValue
        project = model.project.rawValue
        self.version = version
        self.bundle = bundle
        endpoints = deployed.map {
            Endpoint(
                name: $0.endpoint.name, url: server + $0.endpoint.predictPath, generation: $0.deployment.generation,
                replacedVersion: $0.replacedVersion, unchanged: $0.unchanged, drained: $0.drained)
        }
        endpoint = endpoints.first?.name ?? ""
        url = endpoints.first?.url ?? ""
        // What the server found on its own engine, which is the one that answers.
        let proof = deployed.first?.endpoint.proof
        proven = proof?.proven ?? verdict?.isProven ?? false
        summary = proof?.summary ?? verdict?.line ?? ""
        self.conversion = conversion
        unchanged = endpoints.allSatisfy(\.unchanged)
        self.server = server
        predictPaths = deployed.map(\.endpoint.predictPath)
    }

    /// - Parameters:
    ///   - row: A row that the model is known to answer, as JSON.
    ///   - sameServer: Options with which further commands reach the same server.
    func text(row: String?, sameServer: String) -> String {
        var lines: [String] = []
        for endpoint in endpoints {
            lines.append("\(model) version \(version) answers at \(endpoint.url)\(endpoint.remark)")
            if let drained = endpoint.drained { lines.append(drained.line) }
        }
        lines.append("")
        lines.append("Try it:")
        for (endpoint, path) in zip(endpoints, predictPaths).prefix(1) {
            let call = CallLine(
                server: server, endpoint: endpoint.name, predictPath: path, row: row, sameServer: sameServer)
            lines += call.lines.map { "  \($0)" }
        }
        lines.append("Next:")
        lines.append("  slipway status\(sameServer)")
        for endpoint in endpoints where endpoint.replacedVersion != nil && !endpoint.unchanged {
            lines.append("  slipway rollback \(endpoint.name)\(sameServer)")
        }
        return lines.map(\.printable).joined(separator: "\n")
    }
}

extension DeployReport.Endpoint {
    fileprivate var remark: String {
        if unchanged { return " (unchanged)" }
        return replacedVersion.map { " (replaced version \($0))" } ?? ""
    }
}
