// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import ModelDomain
internal import NIOSSL

/// Whose certificates a client believes.
package enum ServerTrust: Sendable, Hashable {
    /// Those that the system trusts.
    case system
    /// Those of a PEM file as well.
    case authorities(file: String)
    /// The one that a server of this machine announced, under whatever name it is reached.
    case own(file: String)

    /// - Returns: `nil` where the client's own defaults do.
    /// - Throws: `SYS-008` when the file cannot be read.
    var configuration: TLSConfiguration? {
        get throws(Refusal) {
            switch self {
            case .system: return nil
            case .authorities(let file): return try trusting(file)
            case .own(let file):
                var configuration = try trusting(file)
                // The certificate names the host that others reach it by, and we ask at 127.0.0.1.
                configuration.certificateVerification = .noHostnameVerification
                return configuration
            }
        }
    }
}

private func trusting(_ file: String) throws(Refusal) -> TLSConfiguration {
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
        throw Refusal(
            .optionRefused, .invalidInput, "“\(file)” holds no certificates as PEM.",
            hint: "Check SLIPWAY_CA_FILE, or the certificate that the server was started with.")
    }
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.additionalTrustRoots = [.certificates(certificates)]
    return configuration
}
