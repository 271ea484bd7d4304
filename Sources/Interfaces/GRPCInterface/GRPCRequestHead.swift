// SPDX-License-Identifier: Apache-2.0
internal import ContentCoding
internal import HTTP2Connections

/// What the head of a call says that matters here.
struct GRPCRequestHead {
    private(set) var authorization: String?
    private(set) var isForwarded = false
    /// How messages are compressed that say they are.
    private(set) var coding: ContentCoding?
    /// How long the client waits, in nanoseconds.
    private(set) var timeout: Int?
    private(set) var priority: String?
    /// What the prediction is about, in the caller's words.
    private(set) var key: String?
    /// Whom it is about.
    private(set) var subject: String?
    /// The id that the caller wants.
    private(set) var predictionID: String?
    /// What the client says of its trace.
    private(set) var traceparent: String?
    private(set) var tracestate: String?

    /// - Throws: For a coding that is not read here, and a timeout that is none.
    init(_ head: HTTP2RequestHead) throws(GRPCStatus) {
        for (name, value) in head.fields {
            switch name {
            case "authorization": authorization = value
            case "via", "forwarded", "x-real-ip": isForwarded = true
            case "slipway-priority": priority = value
            case "slipway-key": key = value
            case "slipway-subject": subject = value
            case "slipway-prediction-id": predictionID = value
            // Two of them are none, and of the other one list.
            case "traceparent": traceparent = traceparent.map { "\($0), \(value)" } ?? value
            case "tracestate": tracestate = tracestate.map { "\($0), \(value)" } ?? value
            case "grpc-encoding" where value != "identity":
                guard let known = ContentCoding(named: value) else {
                    throw GRPCStatus(
                        .unimplemented, "Messages in “\(value.prefix(40))” are not read here; gzip and deflate are.")
                }
                coding = known
            case "grpc-timeout":
                guard let nanoseconds = timeoutNanoseconds(value) else {
                    throw GRPCStatus(.invalidArgument, "grpc-timeout is “\(value.prefix(40))”, which is no time.")
                }
                timeout = nanoseconds
            default: if name.hasPrefix("x-forwarded-") { isForwarded = true }
            }
        }
    }
}

/// Up to eight digits and a unit.
///
/// - Returns: `nil` for anything else.
func timeoutNanoseconds(_ text: String) -> Int? {
    let digits = text.utf8.dropLast()
    guard (1...8).contains(digits.count), let unit = text.utf8.last,
        digits.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    let units: [UInt8: Int] = [
        UInt8(ascii: "n"): 1, UInt8(ascii: "u"): 1000, UInt8(ascii: "m"): 1_000_000,
        UInt8(ascii: "S"): 1_000_000_000, UInt8(ascii: "M"): 60_000_000_000, UInt8(ascii: "H"): 3_600_000_000_000,
    ]
    guard let nanoseconds = units[unit] else { return nil }
    // The longest is eleven thousand years, which is more nanoseconds than there are.
    let count = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    let (product, overflows) = count.multipliedReportingOverflow(by: nanoseconds)
    return overflows ? .max : product
}
