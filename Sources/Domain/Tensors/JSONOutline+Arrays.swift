// SPDX-License-Identifier: Apache-2.0

/// ``jsonMembers(of:limits:)`` for bytes that lie in an array.
package func jsonMembers(
    of body: [UInt8], limits: CodecLimits = .standard
) throws(CodecError) -> [(name: String, range: Range<Int>)] {
    try unsafe body.withUnsafeBufferPointer { (bytes) throws(CodecError) in
        try unsafe jsonMembers(of: UnsafeRawBufferPointer(bytes), limits: limits)
    }
}
