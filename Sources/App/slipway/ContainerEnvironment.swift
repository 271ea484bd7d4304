// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import Foundation
import HTTPInterface
import ModelDomain

/// What a managed cloud says to its containers: where to listen, at which paths, and where the model lies.
struct ContainerEnvironment {
    enum Platform: String { case sagemaker, vertex }

    let platform: Platform
    let port: Int?
    let routes: ContainerRoutes
    /// What to deploy at the start.
    let model: String?
    /// Where models may be loaded from later; `nil` where they may not.
    let modelsRoot: String?

    /// - Returns: `nil` outside of such a container.
    /// - Throws: `SYS-008` for a variable that cannot be followed.
    init?(_ options: ServeOptions, variables: [String: String] = ProcessInfo.processInfo.environment) throws {
        if options.sagemakerRoot != nil || variables["SAGEMAKER_BIND_TO_PORT"] != nil {
            let root = options.sagemakerRoot ?? "/opt/ml"
            platform = .sagemaker
            port = try Self.port(variables, "SAGEMAKER_BIND_TO_PORT")
            let servesModels = variables["SAGEMAKER_MULTI_MODEL"].map { $0.lowercased() == "true" } ?? false
            model = servesModels || !Self.holdsSomething("\(root)/model") ? nil : "\(root)/model"
            routes = ContainerRoutes(servesModels: servesModels)
            modelsRoot = servesModels ? root : nil
        } else if variables["AIP_HTTP_PORT"] != nil {
            platform = .vertex
            port = try Self.port(variables, "AIP_HTTP_PORT")
            routes = ContainerRoutes(
                predictPath: variables["AIP_PREDICT_ROUTE"], healthPath: variables["AIP_HEALTH_ROUTE"])
            model = try variables["AIP_STORAGE_URI"].flatMap { try Self.folder($0) }
            modelsRoot = nil
        } else {
            return nil
        }
    }

    private static func port(_ variables: [String: String], _ name: String) throws -> Int? {
        guard let text = variables[name] else { return nil }
        guard let port = Int(text), (0...65_535).contains(port) else {
            throw Refusal(
                .optionRefused, .invalidInput, "\(name) is “\(text.prefix(40))”, which is no port.",
                hint: "Give 0 to 65535.")
        }
        return port
    }

    /// A folder of this machine; `nil` for an empty text.
    private static func folder(_ uri: String) throws -> String? {
        guard !uri.isEmpty else { return nil }
        if uri.hasPrefix("file://") { return String(uri.dropFirst("file://".count)) }
        guard uri.hasPrefix("/") else {
            throw Refusal(
                .optionRefused, .invalidInput,
                "AIP_STORAGE_URI is “\(uri.prefix(200))”: nothing is fetched from there.",
                hint: "Put the bundle into the image, or mount it, and name its folder.")
        }
        return uri
    }

    private static func holdsSomething(_ folder: String) -> Bool {
        !((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).isEmpty
    }
}
