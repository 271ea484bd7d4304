// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

/// The manifest itself refuses a dependency against the rings, before anything compiles.
struct ManifestTests {
    /// What `swift package` says of the manifest after a change.
    private func verdict(replacing text: String, with other: String) throws -> (isAccepted: Bool, output: String) {
        let manifest = try #require(Repository().text("Package.swift"))
        try #require(manifest.contains(text), "Package.swift has changed: \(text)")
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("manifest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try manifest.replacingOccurrences(of: text, with: other)
            .write(to: folder.appendingPathComponent("Package.swift"), atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["swift", "package", "--package-path", folder.path, "dump-package"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus == 0, text)
    }

    private let registry = #"room("ModelRegistry", in: .services, uses: ["ExperimentTracking", "ModelDomain"]"#

    @Test func theManifestAsItIsIsAccepted() throws {
        #expect(try verdict(replacing: registry, with: registry).isAccepted)
    }

    @Test(arguments: [
        ("StoreSQL", "architecture: ModelRegistry (services) must not use StoreSQL (adapters)"),
        ("CONNXRuntime", "architecture: ModelRegistry (services) must not use CONNXRuntime (walls)"),
        ("HTTPInterface", "architecture: ModelRegistry (services) must not use HTTPInterface (interfaces)"),
        ("Nowhere", "architecture: ModelRegistry uses Nowhere, which is no room"),
    ])
    func aForbiddenDependencyStopsTheBuild(room: String, line: String) throws {
        let forbidden = #"room("ModelRegistry", in: .services, uses: ["ExperimentTracking", "ModelDomain", "\#(room)"]"#
        let (isAccepted, output) = try verdict(replacing: registry, with: forbidden)
        #expect(!isAccepted)
        #expect(output.contains(line), "\(output)")
    }
}
