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
    /// The command line of a process that follows this one: the same, and a container's whatever else is added to it.
    let arguments: [String]

    /// What makes a server a container's.
    static let variables = ["SAGEMAKER_BIND_TO_PORT", "AIP_HTTP_PORT"]

    /// SageMaker names a port only to images that ask for it. Others it starts with the word `serve` and nothing else,
    /// beside what it laid into `usualRoot`, or to be told later what lies there.
    ///
    /// - Parameter arguments: The words behind the program's name.
    /// - Returns: `nil` outside of such a container.
    /// - Throws: `SYS-008` for a variable that cannot be followed.
    init?(
        _ options: ServeOptions, variables all: [String: String] = ProcessInfo.processInfo.environment,
        arguments: [String] = Array(CommandLine.arguments.dropFirst()), usualRoot: String = "/opt/ml"
    ) throws {
        // Vertex leaves what it has no value for empty.
        let variables = all.filter { !$0.value.isEmpty }
        let servesModels = variables["SAGEMAKER_MULTI_MODEL"].map { $0.lowercased() == "true" } ?? false
        let isStartedBySageMaker =
            variables["AIP_HTTP_PORT"] == nil && arguments == ["serve"]
            && (servesModels || Self.holdsSomething("\(usualRoot)/model"))
        if options.sagemakerRoot != nil || variables["SAGEMAKER_BIND_TO_PORT"] != nil || isStartedBySageMaker {
            let root = options.sagemakerRoot ?? usualRoot
            platform = .sagemaker
            self.arguments = isStartedBySageMaker ? arguments + ["--sagemaker"] : arguments
            port = try Self.port(variables, "SAGEMAKER_BIND_TO_PORT")
            model = servesModels || !Self.holdsSomething("\(root)/model") ? nil : "\(root)/model"
            routes = ContainerRoutes(servesModels: servesModels)
            modelsRoot = servesModels ? root : nil
        } else if variables["AIP_HTTP_PORT"] != nil {
            platform = .vertex
            self.arguments = arguments
            port = try Self.port(variables, "AIP_HTTP_PORT")
            routes = ContainerRoutes(
                predictPath: try Self.path(variables, "AIP_PREDICT_ROUTE"),
                healthPath: try Self.path(variables, "AIP_HEALTH_ROUTE"))
            model = try variables["AIP_STORAGE_URI"].map { try Self.folder($0) }
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

    /// A path that requests can have, as it stands in them.
    private static func path(_ variables: [String: String], _ name: String) throws -> String? {
        guard let text = variables[name] else { return nil }
        guard text.hasPrefix("/"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "?") })
        else {
            throw Refusal(
                .optionRefused, .invalidInput, "\(name) is “\(text.prefix(200))”, which is no path.",
                hint: "Start it with “/”, and give no query.")
        }
        return text
    }

    /// A folder of this machine.
    private static func folder(_ uri: String) throws -> String {
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
