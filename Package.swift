// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// The manifest is the diagram: one line a room, its ring, and what it uses. A dependency against the rings stops
// the build before anything compiles. `ARCHITECTURE.md` says in words what this file enforces.
import Foundation
import PackageDescription

enum Ring: String {
    case walls = "Walls"
    case domain = "Domain"
    case services = "Services"
    case adapters = "Adapters"
    case interfaces = "Interfaces"
    case app = "App"

    /// The whole architecture. A room that reaches past it stops the build.
    var mayUse: Set<Ring> {
        switch self {
        case .walls: []
        case .domain: [.domain]
        case .services: [.domain, .services]
        case .adapters: [.domain, .services]
        case .interfaces: [.domain, .services, .interfaces]
        case .app: [.domain, .services, .adapters, .interfaces]
        }
    }
}

struct Room {
    let name: String
    let ring: Ring
    let uses: [String]
    let products: [Target.Dependency]
    /// For a wall: the one room that may look through it.
    let opensTo: String?
    var path: String { "Sources/\(ring.rawValue)/\(name)" }
}

func room(_ name: String, in ring: Ring, uses: [String] = [], products: [Target.Dependency] = []) -> Room {
    Room(name: name, ring: ring, uses: uses, products: products, opensTo: nil)
}

func wall(_ name: String, opensTo room: String) -> Room {
    Room(name: name, ring: .walls, uses: [], products: [], opensTo: room)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grpcClient: [Target.Dependency] = [
    .product(name: "GRPCCore", package: "grpc-swift-2"),
    .product(name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport"),
]
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let hummingbird: [Target.Dependency] = ["Hummingbird", "HummingbirdCore"].map {
    .product(name: $0, package: "hummingbird")
}
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }
let nioExtras: [Target.Dependency] = ["NIOExtras", "NIOHTTPTypes", "NIOHTTPTypesHTTP1"].map {
    .product(name: $0, package: "swift-nio-extras")
}
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let rooms: [Room] = [
    wall("CHeap", opensTo: "slipway"),
    wall("CONNXRuntime", opensTo: "EngineONNX"),
    wall("CPostgres", opensTo: "StoreSQL"),
    wall("CSandbox", opensTo: "ProcessSandbox"),
    wall("CZlib", opensTo: "ContentCoding"),

    room("Tensors", in: .domain),
    room("Statistics", in: .domain),
    room("ModelDomain", in: .domain, uses: ["Tensors", "Statistics"], products: [crypto]),
    room("Archives", in: .domain),
    room("TableTransforms", in: .domain, uses: ["ModelDomain", "Tensors"]),
    room("DataTables", in: .domain, uses: ["ModelDomain", "Statistics", "Tensors"]),

    room("ModelExecution", in: .services, uses: ["ModelDomain", "Statistics", "Tensors"]),
    room("GraphExecution", in: .services, uses: ["ModelDomain", "ModelExecution", "TableTransforms", "Tensors"]),
    room(
        "ModelPackaging", in: .services,
        uses: ["GraphExecution", "ModelDomain", "ModelExecution", "Statistics", "TableTransforms", "Tensors"]),
    room("ExperimentTracking", in: .services, uses: ["ModelDomain"]),
    room(
        "DataVersions", in: .services,
        uses: ["DataTables", "ModelDomain", "ModelExecution", "ModelPackaging", "ModelRegistry", "Tensors"]),
    room("ModelRegistry", in: .services, uses: ["ExperimentTracking", "ModelDomain"]),
    room("ModelReproduction", in: .services, uses: ["ModelDomain", "ModelExecution", "Tensors"]),
    room(
        "ModelLineage", in: .services,
        uses: [
            "ContentSearch", "DataVersions", "ExperimentTracking", "ModelDomain", "ModelExecution", "ModelRegistry",
            "Tensors",
        ]),
    room(
        "PredictionExplaining", in: .services, uses: ["ModelDomain", "ModelExecution", "Statistics", "Tensors"]),
    room("PlatformReplicas", in: .services, uses: ["ModelDomain", "ModelExecution"]),
    room(
        "ModelMonitoring", in: .services,
        uses: [
            "DriftDetection", "ModelDomain", "ModelExecution", "ModelRegistry", "PlatformReplicas", "PredictionLogging",
            "Statistics",
        ]),
    room(
        "ContentRetention", in: .services,
        uses: ["ModelDomain", "ModelExecution", "ModelRegistry", "PlatformReplicas"]),
    room(
        "PlatformBackup", in: .services,
        uses: ["ContentRetention", "ModelDomain", "ModelExecution", "ModelRegistry", "PlatformReplicas", "Tensors"]),
    room(
        "ModelTransfer", in: .services,
        uses: [
            "ContentRetention", "ExperimentTracking", "ModelDomain", "ModelExecution", "ModelRegistry", "Tensors",
        ]),
    room("RequestTracing", in: .services, uses: ["ModelExecution"]),
    room(
        "InferenceServing", in: .services,
        uses: ["ModelDomain", "ModelExecution", "PredictionExplaining", "RequestTracing", "Statistics", "Tensors"]),
    room(
        "PredictionLogging", in: .services,
        uses: ["InferenceServing", "ModelDomain", "ModelExecution", "RequestTracing", "Tensors"], products: [crypto]),
    room("DriftDetection", in: .services, uses: ["ModelDomain", "PredictionLogging", "Statistics", "Tensors"]),
    room(
        "ContentSearch", in: .services,
        uses: ["ExperimentTracking", "GraphExecution", "ModelDomain", "ModelExecution", "ModelRegistry", "Tensors"]),
    room(
        "ModelRollouts", in: .services,
        uses: [
            "GraphExecution", "InferenceServing", "ModelDomain", "ModelExecution", "ModelRegistry", "PlatformReplicas",
            "Tensors",
        ]),
    room("AccessControl", in: .services, uses: ["ModelDomain", "ModelRegistry"]),
    room(
        "GroundTruth", in: .services,
        uses: [
            "ModelDomain", "ModelExecution", "ModelMonitoring", "PredictionLogging", "Statistics", "Tensors",
        ]),
    room(
        "SubjectErasure", in: .services,
        uses: [
            "ContentSearch", "DataVersions", "GroundTruth", "ModelDomain", "ModelExecution", "ModelMonitoring",
            "ModelRegistry", "PredictionLogging",
        ]),

    room("EngineONNX", in: .adapters, uses: ["CONNXRuntime", "ModelDomain", "ModelExecution", "Tensors"]),
    room("EngineForest", in: .adapters, uses: ["ModelDomain", "ModelExecution", "Tensors"]),
    room("EngineWorker", in: .adapters, uses: ["ModelDomain", "ModelExecution", "Tensors"]),
    room("ProcessSandbox", in: .adapters, uses: ["CSandbox", "ModelDomain"]),
    room(
        "PythonTools", in: .adapters,
        uses: ["DataTables", "ModelDomain", "ModelExecution", "ModelPackaging", "ModelReproduction", "Tensors"]),
    room(
        "StoreSQL", in: .adapters,
        uses: [
            "AccessControl", "CPostgres", "ContentRetention", "DataVersions", "DriftDetection", "ExperimentTracking",
            "GroundTruth", "ModelDomain", "ModelMonitoring", "ModelRegistry", "PlatformBackup", "PlatformReplicas",
            "PredictionLogging", "Tensors",
        ],
        products: [grdb]),
    room(
        "TelemetryExport", in: .adapters, uses: ["ModelDomain", "ModelExecution", "RequestTracing", "Tensors"],
        products: [asyncHTTPClient] + nio),
    room(
        "AlertDelivery", in: .adapters, uses: ["ModelDomain", "ModelMonitoring"],
        products: nio + [asyncHTTPClient, crypto, nioSSL]),
    room("BlobFiles", in: .adapters, uses: ["ContentRetention", "ModelDomain", "ModelExecution"]),
    room("LogFiles", in: .adapters, uses: ["ModelDomain", "PredictionLogging"]),
    room("ArchiveFiles", in: .adapters, uses: ["Archives", "ModelDomain", "PlatformBackup"]),
    room(
        "ProjectFiles", in: .adapters,
        uses: ["ExperimentTracking", "ModelDomain", "ModelPackaging", "ModelReproduction"], products: [yams]),

    room(
        "WireTypes", in: .interfaces,
        uses: [
            "ContentRetention", "DataVersions", "DriftDetection", "ExperimentTracking", "ModelDomain", "ModelLineage",
            "ModelMonitoring", "PlatformReplicas", "Statistics",
        ]),
    room("ContentCoding", in: .interfaces, uses: ["CZlib"]),
    room("HTTP2Connections", in: .interfaces, products: nio + [nioHPACK]),
    room(
        "InferenceProtocol", in: .interfaces,
        uses: ["AccessControl", "InferenceServing", "ModelDomain", "ModelExecution", "RequestTracing", "Tensors"],
        products: nio + [logging]),
    room(
        "GRPCInterface", in: .interfaces,
        uses: [
            "AccessControl", "ContentCoding", "HTTP2Connections", "InferenceProtocol", "InferenceServing",
            "ModelDomain",
            "ModelExecution", "ModelRollouts", "RequestTracing", "Tensors",
        ], products: nio + [logging]),
    room(
        "MLflowInterface", in: .interfaces,
        uses: ["ExperimentTracking", "ModelDomain", "ModelExecution", "ModelRegistry", "Tensors"]),
    room(
        "HTTPInterface", in: .interfaces,
        uses: [
            "AccessControl", "ContentCoding", "ContentRetention", "ContentSearch", "DataTables", "DataVersions",
            "DriftDetection", "ExperimentTracking", "GRPCInterface", "GroundTruth", "HTTP2Connections",
            "InferenceProtocol",
            "InferenceServing", "MLflowInterface", "ModelDomain", "ModelExecution", "ModelLineage", "ModelMonitoring",
            "ModelRegistry", "ModelRollouts", "ModelTransfer", "PlatformBackup", "PlatformReplicas",
            "PredictionExplaining", "PredictionLogging", "RequestTracing", "Statistics", "SubjectErasure", "Tensors",
            "WireTypes",
        ], products: nio + hummingbird + nioExtras + [httpTypes, lifecycle, logging, nioSSL]),
    room("LoadGenerator", in: .interfaces, uses: ["ModelDomain"], products: nio + [histogram]),
    room(
        "APIClient", in: .interfaces,
        uses: ["DataTables", "DataVersions", "ExperimentTracking", "ModelDomain", "Tensors", "WireTypes"],
        products: [asyncHTTPClient, nioSSL] + nio),
    room(
        "CommandLineInterface", in: .interfaces,
        uses: [
            "APIClient", "ContentRetention", "DataTables", "DataVersions", "ExperimentTracking", "GraphExecution",
            "LoadGenerator", "ModelDomain", "ModelExecution", "ModelMonitoring", "ModelPackaging", "ModelReproduction",
            "Statistics", "Tensors", "WireTypes",
        ], products: [argumentParser]),

    room(
        "slipway", in: .app,
        uses: [
            "APIClient", "AccessControl", "AlertDelivery", "ArchiveFiles", "BlobFiles", "CHeap", "CommandLineInterface",
            "ContentRetention", "ContentSearch", "DataTables", "DataVersions", "EngineForest", "EngineONNX",
            "EngineWorker", "ExperimentTracking", "GraphExecution", "GroundTruth", "HTTPInterface", "InferenceServing",
            "LogFiles", "ModelDomain", "ModelExecution", "ModelLineage", "ModelMonitoring", "ModelPackaging",
            "ModelRegistry",
            "ModelReproduction", "ModelRollouts", "ModelTransfer", "PlatformBackup", "PlatformReplicas",
            "PredictionLogging", "ProcessSandbox", "ProjectFiles", "PythonTools", "RequestTracing", "StoreSQL",
            "SubjectErasure", "TelemetryExport", "Tensors", "WireTypes",
        ], products: [lifecycle, logging, unixSignals]),
]

func refuse(_ line: String) -> Never {
    FileHandle.standardError.write(Data("architecture: \(line)\n".utf8))
    exit(1)
}

for room in rooms {
    for name in room.uses {
        guard let other = rooms.first(where: { $0.name == name }) else {
            refuse("\(room.name) uses \(name), which is no room")
        }
        guard room.ring.mayUse.contains(other.ring) || other.opensTo == room.name else {
            refuse("\(room.name) (\(room.ring)) must not use \(other.name) (\(other.ring))")
        }
    }
}

let swiftSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
]

func target(for room: Room) -> Target {
    let dependencies = room.uses.map { Target.Dependency.target(name: $0) } + room.products
    switch room.ring {
    case .walls:
        return .target(name: room.name, path: room.path)
    case .app:
        return .executableTarget(
            name: room.name, dependencies: dependencies, path: room.path, swiftSettings: swiftSettings)
    case .domain, .services, .adapters, .interfaces:
        return .target(name: room.name, dependencies: dependencies, path: room.path, swiftSettings: swiftSettings)
    }
}

/// Tests of one room. They may also use the shared contracts and the test kit.
func tests(_ name: String, uses: [String], products: [Target.Dependency] = [], copies: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: uses.map { .target(name: $0) } + products, path: "Tests/\(name)",
        resources: copies.map { .copy($0) }, swiftSettings: swiftSettings)
}

/// What several test targets share: contracts of ports, and the test kit.
func testKit(_ name: String, uses: [String]) -> Target {
    .target(
        name: name, dependencies: uses.map { .target(name: $0) }, path: "Tests/\(name)", swiftSettings: swiftSettings)
}

let testTargets: [Target] = [
    testKit(
        "PortContracts",
        uses: [
            "AccessControl", "ContentRetention", "DataVersions", "DriftDetection", "ExperimentTracking", "GroundTruth",
            "ModelDomain", "ModelExecution", "ModelMonitoring", "ModelRegistry", "PlatformReplicas",
            "PredictionLogging", "Tensors",
        ]),
    tests("SubjectErasureTests", uses: ["SubjectErasure"]),
    testKit("TestSupport", uses: ["ModelDomain", "ModelExecution", "ModelPackaging", "Tensors"]),

    tests("ArchivesTests", uses: ["Archives", "TestSupport"]),
    tests(
        "ArchiveFilesTests",
        uses: ["ArchiveFiles", "Archives", "ModelDomain", "PlatformBackup", "PortContracts", "TestSupport"]),
    tests(
        "ContentRetentionTests",
        uses: [
            "BlobFiles", "ContentRetention", "ExperimentTracking", "ModelDomain", "ModelExecution", "ModelRegistry",
            "PlatformReplicas", "PortContracts", "StoreSQL", "TestSupport",
        ]),
    tests("TensorsTests", uses: ["Tensors", "TestSupport"]),
    tests("StatisticsTests", uses: ["Statistics"]),
    tests("VectorTests", uses: ["ModelDomain", "Statistics", "Tensors", "TestSupport"], copies: ["vectors"]),
    tests("ModelDomainTests", uses: ["ModelDomain", "Tensors", "TestSupport"]),
    tests("DataTablesTests", uses: ["DataTables", "ModelDomain", "Statistics", "Tensors", "TestSupport"]),
    tests(
        "DataVersionsTests",
        uses: [
            "BlobFiles", "DataTables", "DataVersions", "ModelDomain", "ModelExecution", "ModelRegistry",
            "PortContracts", "ProjectFiles", "StoreSQL", "Tensors", "TestSupport",
        ]),
    tests("TableTransformsTests", uses: ["TableTransforms", "Tensors", "TestSupport"]),
    tests(
        "GraphExecutionTests",
        uses: ["GraphExecution", "ModelDomain", "ModelExecution", "PortContracts", "Tensors", "TestSupport"]),
    tests("ModelExecutionTests", uses: ["ModelDomain", "ModelExecution", "Tensors", "TestSupport"]),
    tests(
        "ModelPackagingTests",
        uses: ["ModelDomain", "ModelExecution", "ModelPackaging", "ProjectFiles", "Tensors", "TestSupport"]),
    tests("ExperimentTrackingTests", uses: ["ExperimentTracking", "ModelDomain"]),
    tests(
        "ModelRegistryTests",
        uses: ["ExperimentTracking", "ModelDomain", "ModelRegistry", "PortContracts", "StoreSQL", "TestSupport"]),
    tests(
        "PredictionLoggingTests",
        uses: [
            "InferenceServing", "LogFiles", "ModelDomain", "ModelExecution", "PredictionLogging", "RequestTracing",
            "Tensors",
            "TestSupport",
        ]),
    tests(
        "DriftDetectionTests",
        uses: [
            "DriftDetection", "InferenceServing", "ModelDomain", "PredictionLogging", "RequestTracing", "Statistics",
            "Tensors",
        ]),
    tests(
        "GroundTruthTests",
        uses: [
            "GroundTruth", "InferenceServing", "ModelDomain", "ModelExecution", "ModelMonitoring", "PredictionLogging",
            "Statistics", "StoreSQL", "Tensors", "TestSupport",
        ]),
    tests("PredictionExplainingTests", uses: ["ModelDomain", "ModelExecution", "PredictionExplaining", "Tensors"]),
    tests(
        "InferenceServingTests", uses: ["InferenceServing", "ModelDomain", "ModelExecution", "Tensors", "TestSupport"]),
    tests(
        "ModelRolloutsTests",
        uses: [
            "BlobFiles", "InferenceServing", "ModelDomain", "ModelExecution", "ModelPackaging", "ModelRegistry",
            "ModelRollouts", "PlatformReplicas", "ProjectFiles", "StoreSQL", "Tensors", "TestSupport",
        ]),
    tests(
        "ModelMonitoringTests",
        uses: [
            "DriftDetection", "InferenceServing", "ModelDomain", "ModelMonitoring", "ModelRegistry", "PlatformReplicas",
            "PortContracts", "PredictionLogging", "StoreSQL", "Tensors", "TestSupport",
        ]),
    tests("AccessControlTests", uses: ["AccessControl", "ModelDomain", "PortContracts", "StoreSQL", "TestSupport"]),
    tests("BlobFilesTests", uses: ["BlobFiles", "ModelDomain", "ModelExecution", "PortContracts", "TestSupport"]),
    tests(
        "EngineONNXTests",
        uses: ["EngineONNX", "ModelDomain", "ModelExecution", "PortContracts", "Tensors", "TestSupport"]),
    tests(
        "EngineForestTests",
        uses: ["EngineForest", "ModelDomain", "ModelExecution", "PortContracts", "Tensors", "TestSupport"]),
    tests(
        "EngineWorkerTests",
        uses: ["EngineWorker", "ModelDomain", "ModelExecution", "PortContracts", "Tensors", "TestSupport"]),
    tests("RequestTracingTests", uses: ["ModelExecution", "RequestTracing"]),
    tests("TelemetryExportTests", uses: ["ModelDomain", "TelemetryExport"]),
    tests("ProcessSandboxTests", uses: ["ModelDomain", "ProcessSandbox", "TestSupport"]),
    tests(
        "ProjectFilesTests",
        uses: ["ModelDomain", "ModelPackaging", "ModelReproduction", "ProjectFiles", "TestSupport"]),
    tests(
        "StoreSQLTests",
        uses: [
            "AccessControl", "ContentRetention", "ExperimentTracking", "GroundTruth", "ModelDomain", "ModelMonitoring",
            "ModelRegistry", "PlatformBackup", "PlatformReplicas", "PortContracts", "StoreSQL", "TestSupport",
        ]),
    tests(
        "CommandLineInterfaceTests",
        uses: [
            "APIClient", "CommandLineInterface", "DataTables", "DataVersions", "ExperimentTracking", "LoadGenerator",
            "ModelDomain", "ModelExecution", "ModelPackaging", "Tensors", "TestSupport", "WireTypes",
        ], products: nio + [argumentParser]),
    tests(
        "HTTP2ConnectionsTests", uses: ["HTTP2Connections", "TestSupport"], products: nio + [nioEmbedded, nioHPACK]),
    tests(
        "GRPCInterfaceTests", uses: ["GRPCInterface", "InferenceProtocol", "ModelDomain", "Tensors"], products: nio),
    tests("GRPCClientTests", uses: ["TestSupport"], products: grpcClient),
    tests("LoadGeneratorTests", uses: ["LoadGenerator", "ModelDomain"], products: nio),
    tests("ContentCodingTests", uses: ["ContentCoding", "TestSupport"]),
    tests(
        "HTTPInterfaceTests",
        uses: [
            "AccessControl", "BlobFiles", "ContentSearch", "DataVersions", "ExperimentTracking", "HTTPInterface",
            "InferenceServing",
            "MLflowInterface", "ModelDomain",
            "ModelExecution", "ModelRegistry", "ModelRollouts", "Tensors", "TestSupport", "WireTypes",
        ], products: nio + [lifecycle, logging]),
    tests("EndToEndTests", uses: ["ModelDomain", "TestSupport", "slipway"]),
    tests("ArchitectureTests", uses: ["ModelDomain"]),
]

/// What a forest costs without a server around it; `Benchmarks/forest/bench.py` starts it.
let forestBench = Target.executableTarget(
    name: "forest-bench", dependencies: ["EngineForest", "ModelExecution", "Tensors"], path: "Benchmarks/forest",
    exclude: ["bench.py"], sources: ["main.swift"], swiftSettings: swiftSettings)

/// What a graph costs around its steps.
let graphBench = Target.executableTarget(
    name: "graph-bench", dependencies: ["GraphExecution", "ModelExecution", "Tensors"], path: "Benchmarks/graph",
    sources: ["main.swift"], swiftSettings: swiftSettings)

/// What it costs to keep and to count a prediction.
let logBench = Target.executableTarget(
    name: "log-bench",
    dependencies: [
        "DriftDetection", "InferenceServing", "LogFiles", "ModelDomain", "ModelExecution", "PredictionLogging",
        "Statistics", "Tensors",
    ], path: "Benchmarks/log", sources: ["main.swift"], swiftSettings: swiftSettings)

let package = Package(
    name: "slipway",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "slipway", targets: ["slipway"])],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: rooms.map(target(for:)) + [forestBench, graphBench, logBench] + testTargets
)
