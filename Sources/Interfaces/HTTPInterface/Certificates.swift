// SPDX-License-Identifier: Apache-2.0
internal import Foundation
internal import Logging
package import ModelDomain
internal import NIOCore
internal import NIOSSL
internal import Synchronization

/// Where a server's certificate chain and its key lie, both as PEM.
package struct CertificateFiles: Sendable, Equatable {
    package let chain: String
    package let key: String

    package init(chain: String, key: String) {
        self.chain = chain
        self.key = key
    }

    /// When the first of the chain ends that does; `nil` where that cannot be read.
    package var end: Timestamp? {
        let ends = (try? NIOSSLCertificate.fromPEMFile(chain))?.map(\.notValidAfter) ?? []
        return ends.min().map { Timestamp(microseconds: Int64($0) * 1_000_000) }
    }

    /// - Throws: `SYS-009` when they cannot be read, or do not belong together.
    func context() throws -> NIOSSLContext {
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(chain).map(NIOSSLCertificateSource.certificate)
            guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: certificates,
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["h2", "http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw Refusal(
                .certificateUnusable, .invalidInput,
                "The certificate “\(chain)” with the key “\(key)” cannot be used: \(reason(error)).",
                hint: "Give a PEM file with the whole chain, and the PEM file of its private key without a password.")
        }
    }

    /// Changes whenever one of the files does.
    fileprivate var fingerprint: [FileState] { [FileState(chain), FileState(key)] }
}

private func reason(_ error: any Error) -> String {
    if let error = error as? IOError { return error.description }
    return String(String(describing: error).prefix(200))
}

private struct FileState: Equatable {
    let inode: UInt64?
    let size: UInt64?
    let modified: Date?

    init(_ path: String) {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        inode = (attributes?[.systemFileNumber] as? NSNumber)?.uint64Value
        size = (attributes?[.size] as? NSNumber)?.uint64Value
        modified = attributes?[.modificationDate] as? Date
    }
}

/// The certificate that new connections get. It is read again when its files change; existing connections keep theirs.
final class Certificates: Sendable {
    private let files: CertificateFiles
    private let state: Mutex<(context: NIOSSLContext, fingerprint: [FileState])>
    private let logger: Logger

    init(_ files: CertificateFiles, logger: Logger) throws {
        self.files = files
        self.logger = logger
        let fingerprint = files.fingerprint
        state = Mutex((try files.context(), fingerprint))
    }

    var context: NIOSSLContext { state.withLock(\.context) }

    /// Looks every few seconds whether the files have changed, until it is cancelled. Files that do not fit together,
    /// as when one was replaced and the other is about to be, change nothing.
    func follow(every interval: Duration) async {
        while (try? await Task.sleep(for: interval)) != nil {
            let fingerprint = files.fingerprint
            guard fingerprint != state.withLock(\.fingerprint) else { continue }
            do {
                let context = try files.context()
                state.withLock { $0 = (context, fingerprint) }
                logger.info("certificate replaced", metadata: ["certificate": "\(files.chain)"])
            } catch {
                // Said once for each change.
                state.withLock { $0.fingerprint = fingerprint }
                logger.warning(
                    "certificate not replaced; the former one is kept",
                    metadata: ["reason": "\((error as? Refusal)?.explanation.message ?? String(describing: error))"])
            }
        }
    }
}
