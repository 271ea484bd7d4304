// SPDX-License-Identifier: Apache-2.0
internal import Crypto
internal import Foundation
internal import ModelDomain
internal import Tensors

/// Hashes of values under a key of the platform and of one endpoint: whoever has the log and not the key cannot guess what
/// was hashed, and two endpoints' hashes tell nothing of one another. HMAC with SHA-256 (RFC 2104), the first 128 bits.
struct ValueHash: Sendable {
    private let key: SymmetricKey

    /// - Parameter secret: Of the platform; at least 32 random bytes.
    init(secret: [UInt8], _ endpoint: EndpointName, in project: ProjectName) {
        key = SymmetricKey(
            data: HMAC<SHA256>.authenticationCode(
                for: Data("\(project)/\(endpoint)".utf8), using: SymmetricKey(data: secret)))
    }

    /// One text of 32 hexadecimal digits a row.
    ///
    /// - Parameter values: `[rows, …]`.
    func hashes(of values: Tensor, _ rowCount: Int) -> Tensor {
        let elements = rowCount > 0 ? values.elementCount / rowCount : 0
        let texts = (0..<rowCount).map { row in
            let part = values.slice(row * elements..<(row + 1) * elements, shape: [elements])
            let range = (part.offsets.first ?? 0)..<(part.offsets.last ?? part.storage.byteCount)
            let bytes = unsafe part.storage.withUnsafeBytes {
                unsafe Array(UnsafeRawBufferPointer(rebasing: $0[range]))
            }
            return hash(bytes)
        }
        return Tensor(strings: texts, shape: [rowCount])
    }

    /// 32 hexadecimal digits.
    func hash(_ bytes: [UInt8]) -> String {
        hexadecimal(HMAC<SHA256>.authenticationCode(for: bytes, using: key).prefix(16))
    }
}

func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
