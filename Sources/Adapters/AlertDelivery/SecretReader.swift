// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import ModelMonitoring

/// Looks secrets up where their references say, each time anew: one that was replaced holds from then on.
struct SecretReader: Sendable {
    private static let longest = 16 << 10

    private let dataFolder: String
    private let environment: [String: String]

    init(dataFolder: String, environment: [String: String]) {
        self.dataFolder = resolved(dataFolder)
        self.environment = environment
    }

    /// - Returns: At least one byte, without line breaks at its end.
    /// - Throws: `ALR-003`.
    func secret(_ reference: SecretReference) throws(Refusal) -> [UInt8] {
        let content: [UInt8]? =
            switch reference {
            case .environment(let name): environment[name].map { Array($0.utf8) }
            case .file(let path): mayRead(path) ? Self.contents(of: path) : nil
            }
        guard let content else { throw unreadable(reference, "is not there, or cannot be read") }
        let secret = content[..<(content.lastIndex { $0 != 0x0A && $0 != 0x0D }.map { $0 + 1 } ?? 0)]
        guard !secret.isEmpty else { throw unreadable(reference, "is empty") }
        return Array(secret)
    }

    /// The data folder has secrets of the server's own.
    private func mayRead(_ path: String) -> Bool {
        let path = resolved(path)
        return !path.hasPrefix(dataFolder + "/") || path.hasPrefix(dataFolder + "/secrets/")
    }

    /// - Returns: `nil` for what is no file: a pipe would be waited for.
    private static func contents(of path: String) -> [UInt8]? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: resolved(path))
        guard attributes?[.type] as? FileAttributeType == .typeRegular, let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: longest + 1), data.count <= longest
        else { return nil }
        return Array(data)
    }

    private func unreadable(_ reference: SecretReference, _ what: String) -> Refusal {
        let noun =
            switch reference {
            case .environment(let name): "The variable \(name) of the server"
            case .file(let path): "The file \(path) on the server's machine"
            }
        return Refusal(
            .secretUnreadable, .unavailable, "\(noun) \(what).",
            hint: "Put the secret there, or name another place: \(SecretReference.form). "
                + "Variables that begin with SLIPWAY_ and the data folder's own files are none.")
    }
}

private func resolved(_ path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
}
