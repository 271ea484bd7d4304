// SPDX-License-Identifier: Apache-2.0
package import ModelDomain

/// Why a request is refused for what HTTP/1.1 says of it: its head, the framing of its body, its size, or its pace. The
/// connection ends with it: where the next request would begin is not known, and guessing is how one request is smuggled
/// inside another.
package enum RequestFault {
    /// Something that no HTTP/1.1 request has there; what, in words.
    case malformed(StaticString)
    /// More bytes or lines than the limit.
    case headTooLarge
    case targetTooLong
    case bodyTooLarge
    case tooSlow
    case versionUnsupported
    case transferCodingUnsupported
    case expectationUnsupported

    package var status: Int {
        switch self {
        case .malformed: 400
        case .headTooLarge: 431
        case .targetTooLong: 414
        case .bodyTooLarge: 413
        case .tooSlow: 408
        case .versionUnsupported: 505
        case .transferCodingUnsupported: 501
        case .expectationUnsupported: 417
        }
    }
}

extension RequestFault: ExplainedError {
    package var explanation: Explanation {
        switch self {
        case .malformed(let what):
            Explanation(
                .bodySyntax, .invalidInput, "This is no HTTP/1.1 request. \(what)",
                hint: "Check the request line, the headers and the framing of the body.")
        case .headTooLarge:
            Explanation(
                .limitExceeded, .invalidInput,
                "The head is larger than \(HeadReader.maxByteCount) bytes or \(HeadReader.maxHeaderCount) headers.",
                hint: "Leave out headers that nobody here reads, such as cookies.")
        case .targetTooLong:
            Explanation(
                .limitExceeded, .invalidInput,
                "The target is longer than \(HeadReader.maxTargetByteCount) bytes.", hint: "Send data in the body.")
        case .bodyTooLarge:
            Explanation(
                .limitExceeded, .tooLarge, "The body is larger than this call takes.",
                hint: "Contents go to /v1/blobs; administration bodies are small.")
        case .tooSlow:
            Explanation(
                .limitExceeded, .invalidInput, "The request did not arrive in time.",
                hint: "Send all of it without long pauses.")
        case .versionUnsupported:
            Explanation(
                .unsupportedOption, .invalidInput, "This version of HTTP is not spoken here.", hint: "Use HTTP/1.1.")
        case .transferCodingUnsupported:
            Explanation(
                .unsupportedOption, .invalidInput, "The only transfer coding that is read here is chunked.",
                hint: "Compress with Content-Encoding, and send a Content-Length.")
        case .expectationUnsupported:
            Explanation(
                .unsupportedOption, .invalidInput, "The only expectation that is met here is 100-continue.",
                hint: "Leave the header Expect out.")
        }
    }
}
