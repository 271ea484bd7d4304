// SPDX-License-Identifier: Apache-2.0

/// The paths that the platform of a container has chosen, and the ones that only a container has.
package struct ContainerRoutes: Sendable, Equatable {
    /// Where a Vertex container predicts: `AIP_PREDICT_ROUTE`.
    package var predictPath: String?
    /// Where a Vertex container tells its health: `AIP_HEALTH_ROUTE`.
    package var healthPath: String?
    /// Whether `/models` and `/models/NAME/invoke` are there, as SageMaker's containers of several models have them.
    package var servesModels: Bool

    package init(predictPath: String? = nil, healthPath: String? = nil, servesModels: Bool = false) {
        self.predictPath = predictPath
        self.healthPath = healthPath
        self.servesModels = servesModels
    }

    func route(of path: Substring) -> FastRoute? {
        if let predictPath, path == predictPath { return .predictContainer }
        if let healthPath, path == healthPath { return .ping }
        guard servesModels, path.hasPrefix("/models/"), path.hasSuffix("/invoke") else { return nil }
        let name = path.dropFirst("/models/".count).dropLast("/invoke".count)
        return name.isEmpty || name.utf8.contains(UInt8(ascii: "/")) ? nil : .score(String(name))
    }
}
