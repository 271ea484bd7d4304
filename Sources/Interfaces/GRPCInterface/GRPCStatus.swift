// SPDX-License-Identifier: Apache-2.0
internal import AccessControl
internal import HTTP2Connections
internal import ModelDomain

/// How a call ended, in gRPC's words.
struct GRPCStatus: Error, Equatable {
    enum Code: Int {
        case ok = 0
        case cancelled = 1
        case invalidArgument = 3
        case deadlineExceeded = 4
        case notFound = 5
        case permissionDenied = 7
        case resourceExhausted = 8
        case failedPrecondition = 9
        case unimplemented = 12
        case `internal` = 13
        case unavailable = 14
        case unauthenticated = 16
    }

    let code: Code
    let message: String
    /// Our own code, as `slipway-error-code`.
    var errorCode: ErrorCode?
    var retryAfterSeconds: Int?

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    init(_ explanation: Explanation) {
        self.init(Self.code(of: explanation), explanation)
    }

    init(_ denial: AccessDenial) {
        self.init(denial.isOfStranger ? .unauthenticated : .permissionDenied, denial.explanation)
    }

    private init(_ code: Code, _ explanation: Explanation) {
        self.init(code, explanation.text)
        errorCode = explanation.code
        retryAfterSeconds = explanation.retryAfterSeconds
    }

    private static func code(of explanation: Explanation) -> Code {
        switch explanation.kind {
        case .invalidInput: .invalidArgument
        case .tooLarge, .callerLimited, .memoryShort: .resourceExhausted
        case .notFound: .notFound
        case .conflict: .failedPrecondition
        case .denied: .permissionDenied
        case .overloaded, .unavailable: .unavailable
        case .deadlineExceeded: .deadlineExceeded
        case .bug: .internal
        }
    }

    static let okTrailer = {
        var block = HeaderBlock()
        block.append("grpc-status", "0")
        return block
    }()

    /// Appends it to a trailer, or to a header that is the whole answer.
    func write(into block: inout HeaderBlock) {
        block.append("grpc-status", String(code.rawValue))
        if !message.isEmpty { block.append("grpc-message", percentEncoded(message)) }
        if let errorCode { block.append("slipway-error-code", errorCode.rawValue) }
        // Clients that try again by themselves are told when.
        if let retryAfterSeconds { block.append("grpc-retry-pushback-ms", String(retryAfterSeconds * 1000)) }
    }
}

/// As gRPC puts texts into headers: printable ASCII but for “%”, everything else byte by byte.
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    // Trailers have a limit at the other end, which nobody tells.
    for byte in text.utf8.prefix(2048) {
        if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%") {
            bytes.append(byte)
        } else {
            bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
