// SPDX-License-Identifier: Apache-2.0
import HTTPInterface
import Testing

struct RoutingTests {
    @Test func pathsOfPredictionsAreTaken() {
        #expect(FastRoute(path: "/v2") == .server)
        #expect(FastRoute(path: "/v2/") == .server)
        #expect(FastRoute(path: "/v2/health/live") == .live)
        #expect(FastRoute(path: "/v2/health/ready") == .ready)
        #expect(FastRoute(path: "/v2/models") == .models)
        #expect(FastRoute(path: "/v2/models/a") == .metadata("a", version: nil))
        #expect(FastRoute(path: "/v2/models/a/versions/1") == .metadata("a", version: "1"))
        #expect(FastRoute(path: "/v2/models/a/ready") == .modelReady("a", version: nil))
        #expect(FastRoute(path: "/v2/models/a/versions/1/ready") == .modelReady("a", version: "1"))
        #expect(FastRoute(path: "/v2/models/a/infer") == .infer("a", version: nil))
        #expect(FastRoute(path: "/v2/models/a/versions/1/infer") == .infer("a", version: "1"))
        #expect(FastRoute(path: "/v1/endpoints/a/predict") == .predict("a"))
        #expect(FastRoute(path: "/v2/models/a/config") == .configuration("a", version: nil))
        #expect(FastRoute(path: "/v2/models/stats") == .statistics(nil, version: nil))
        #expect(FastRoute(path: "/v2/models/a/versions/1/stats") == .statistics("a", version: "1"))
        #expect(FastRoute(path: "/v2/repository/index") == .repositoryIndex)
        #expect(FastRoute(path: "/v1/models") == .servedModels)
        #expect(FastRoute(path: "/v1/models/a") == .servedModel("a", version: nil))
        #expect(FastRoute(path: "/v1/models/a/versions/1") == .servedModel("a", version: "1"))
        #expect(FastRoute(path: "/v1/models/a/versions/1/metadata") == .servedMetadata("a", version: "1"))
        #expect(FastRoute(path: "/v1/models/a:predict") == .predictInstances("a", version: nil))
        #expect(FastRoute(path: "/v1/models/a/versions/1:predict") == .predictInstances("a", version: "1"))
        #expect(FastRoute(path: "/v1/models/a/labels/b:predict") == .unsupported(.label))
        #expect(FastRoute(path: "/invocations") == .score(nil))
        #expect(FastRoute(path: "/ping") == .ping)
        #expect(FastRoute(path: "/") == .alive)
    }

    @Test func aContainersPlatformChoosesPaths() {
        let container = ContainerRoutes(
            predictPath: "/v1/endpoints/1/deployedModels/2:predict", healthPath: "/v1/health", servesModels: true)
        #expect(
            FastRoute(path: "/v1/endpoints/1/deployedModels/2:predict", container: container) == .predictContainer)
        #expect(FastRoute(path: "/v1/health", container: container) == .ping)
        #expect(FastRoute(path: "/models/a/invoke", container: container) == .score("a"))
        #expect(FastRoute(path: "/models/a/b/invoke", container: container) == nil)
        #expect(FastRoute(path: "/models/a/invoke") == nil)
    }

    @Test(arguments: ["/v2/x", "/v2/models/a/x", "/v2/models/a/infer/x", "/v2/health", "/v2/models/a/versions"])
    func otherPathsOfTheProtocolAreUnknown(_ path: String) {
        #expect(FastRoute(path: path[...]) == .unknown)
    }

    @Test(arguments: [
        "", "v2", "/v20", "/v1/models/a:other", "/v1/models/a/versions", "/v1/models/a/aliases/b", "/ping/x",
        "/v2/repository/models/a/load", "/v1/endpoints", "/v1/endpoints/a", "/v1/endpoints/a/predict/", "//v2", "*",
    ])
    func everythingElseIsPassedOn(_ path: String) {
        #expect(FastRoute(path: path[...]) == nil)
    }

    @Test func datesAreThoseOfTheStandard() {
        #expect(HTTPDate.text(secondsSince1970: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(HTTPDate.text(secondsSince1970: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
    }
}
