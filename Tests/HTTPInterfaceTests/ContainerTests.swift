// SPDX-License-Identifier: Apache-2.0
import HTTPInterface
import InferenceServing
import ModelDomain
import Synchronization
import Testing

/// What a container of SageMaker or Vertex answers.
struct ContainerTests {
    private let row = #"{"instances":[[1,2,3]]}"#

    @Test func predictionsAreOpenWhereThePlatformLetsCallersThrough() async throws {
        try await RunningServer.with(settings: { settings in
            settings.listening = .address(host: "0.0.0.0", port: 0, sharesPort: false)
            settings.opensPredictions = true
        }) { server in
            let answer = try await server.ask("POST", "/invocations", headers: ["Host: anything"], row)
            #expect(answer.status == 200)
            #expect(try await server.ask("GET", "/v1/status").status == 401)
            #expect(try await server.ask("POST", "/v2/repository/models/doubling/unload").status == 401)
        }
    }

    @Test func vertexChoosesItsPaths() async throws {
        try await RunningServer.with(settings: {
            $0.container = ContainerRoutes(predictPath: "/predict", healthPath: "/isalive")
        }) { server in
            #expect(try await server.ask("GET", "/isalive").status == 200)
            let answer = try await server.ask(
                "POST", "/predict", #"{"instances":[{"a":1,"b":2,"c":3}],"parameters":{}}"#)
            #expect(answer.body == #"{"predictions":[{"y":[2.0,4.0,6.0],"total":6.0}]}"#)
            let refused = try await server.ask("POST", "/predict", #"{"instances":[[1,2,3]],"parameters":{"top":1}}"#)
            #expect(try refused.json("code") == #""IN-010""#)
            #expect(try await server.ask("POST", "/predict", #"{"inputs":[[1,2,3]]}"#).status == 400)
        }
    }

    @Test func aContainerIsNotReadyWithoutItsModel() async throws {
        try await RunningServer.with([], settings: { $0.container = ContainerRoutes() }) { server in
            #expect(try await server.ask("GET", "/ping").status == 503)
            let answer = try await server.ask("POST", "/invocations", row)
            #expect(answer.status == 404)
        }
    }

    @Test func modelsAreLoadedAndUnloadedByName() async throws {
        let loaded = Mutex<[String]>.Shared([])
        try await RunningServer.with(
            deployFolder: { path, endpoint in
                if path == "/absent" { throw Refusal(.fileMissing, .notFound, "There is no folder.") }
                loaded.change { $0.append("\(path) at \(endpoint)") }
            },
            settings: {
                $0.container = ContainerRoutes(servesModels: true)
                $0.opensPredictions = true
            }
        ) { server in
            let order = { (name: String, url: String) in #"{"model_name":"\#(name)","url":"\#(url)"}"# }
            #expect(try await server.ask("POST", "/models", order("new", "/opt/ml/models/a/model")).status == 200)
            #expect(loaded.value == ["/opt/ml/models/a/model at new"])
            #expect(try await server.ask("POST", "/models", order("doubling", "/a")).status == 409)
            #expect(try await server.ask("POST", "/models", order("other", "/absent")).status == 404)
            #expect(try await server.ask("POST", "/models", order("no name", "/a")).status == 400)
            #expect(try await server.ask("GET", "/models").body == #"{"models":[{"modelName":"doubling"}]}"#)
            #expect(try await server.ask("GET", "/models/doubling").status == 200)
            #expect(try await server.ask("GET", "/models/nobody").status == 404)
            let answer = try await server.ask("POST", "/models/doubling/invoke", row)
            #expect(answer.body.contains(#""total":6.0"#))
            #expect(try await server.ask("POST", "/models/nobody/invoke", row).status == 404)
            #expect(try await server.ask("DELETE", "/models/nobody").status == 404)
        }
    }

    @Test func elsewhereThereAreNoSuchCalls() async throws {
        try await RunningServer.with { server in
            #expect(try await server.ask("GET", "/models").status == 404)
            #expect(try await server.ask("POST", "/models", "{}").status == 404)
            let answer = try await server.ask("POST", "/models/doubling/invoke", row)
            #expect(answer.status == 404)
        }
    }
}

extension Mutex where Value: Sendable {
    /// A mutex that closures share.
    final class Shared: Sendable {
        private let mutex: Mutex<Value>
        init(_ value: Value) { mutex = Mutex(value) }
        var value: Value { mutex.withLock(\.self) }
        func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
    }
}
