// SPDX-License-Identifier: Apache-2.0
package import ExperimentTracking
package import ModelDomain
package import ModelRegistry
package import Tensors

/// MLflow's REST API over our tracking and registry: each call by its method and path.
package struct MLflowAPI: Sendable {
    let tracking: ExperimentTracking
    let registrations: ModelRegistrations
    let registry: ModelRegistry
    let following: Following

    /// What moving an alias does to endpoints.
    package struct Following: Sendable {
        package typealias Move =
            @Sendable (
                _ alias: AliasName, _ model: ModelReference, _ version: Int, _ actor: String
            ) async throws -> Void

        let followers: @Sendable (_ alias: AliasName, _ model: ModelReference) -> [EndpointName]
        let move: Move

        package init(
            followers: @escaping @Sendable (_ alias: AliasName, _ model: ModelReference) -> [EndpointName],
            move: @escaping Move
        ) {
            self.followers = followers
            self.move = move
        }
    }

    package init(
        tracking: ExperimentTracking, registrations: ModelRegistrations, registry: ModelRegistry, following: Following
    ) {
        self.tracking = tracking
        self.registrations = registrations
        self.registry = registry
        self.following = following
    }

    /// The version of MLflow's API that this is: what clients that ask are told.
    package static let version = "3.17.2"

    /// One call: where it is, who may, and what answers.
    package struct Route: Sendable {
        package enum Method: String, Sendable { case get = "GET", post = "POST", patch = "PATCH", delete = "DELETE" }

        package let method: Method
        /// `2.0` or `3.0`.
        package let apiVersion: String
        /// Below `/api/2.0/mlflow/`, with parameters as in `logged-models/:model_id`.
        package let path: String
        package let needs: Permission
        package let answer: @Sendable (MLflowCall) async throws -> JSONValue
    }

    package var routes: [Route] {
        experimentRoutes + runRoutes + metricRoutes + loggedModelRoutes + registeredModelRoutes + versionRoutes
            + otherRoutes
    }

    func route(
        _ method: Route.Method, _ path: String, for need: Permission, version: String = "2.0",
        _ answer: @escaping @Sendable (MLflowCall) async throws -> JSONValue
    ) -> Route {
        Route(method: method, apiVersion: version, path: path, needs: need, answer: answer)
    }

    /// For calls that answer nothing.
    func route(
        _ method: Route.Method, _ path: String, for need: Permission,
        doing action: @escaping @Sendable (MLflowCall) async throws -> Void
    ) -> Route {
        route(method, path, for: need) { call in
            try await action(call)
            return .object([])
        }
    }

    private var otherRoutes: [Route] {
        [
            route(.get, "server-info", for: .view, version: "3.0") { _ in
                [
                    "store_type": "SqlStore", "workspaces_enabled": false, "trace_archival_enabled": false,
                    "multipart_uploads_enabled": true, "multipart_downloads_enabled": false,
                    "presigned_upload_run_id_supported": false, "presigned_upload_model_id_supported": false,
                    "features_enabled": ["gateway": false],
                ]
            }
        ]
    }
}
