// SPDX-License-Identifier: Apache-2.0

/// The bytes that are signed for a payload of a type in an envelope of DSSE: no payload can be mistaken for one of another
/// type.
///
/// `DSSEv1 ‖ length of type ‖ type ‖ length of payload ‖ payload`, spaces between them, lengths in decimal digits.
///
/// - SeeAlso: Secure Systems Lab, *Dead Simple Signing Envelope*, protocol, version 1.
package func preAuthenticationEncoding(type: String, payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
}
