// SPDX-License-Identifier: Apache-2.0
package import NIOHTTP1

/// What the headers of a request say that matters to predictions, found in one pass.
package struct RequestFacts {
    package private(set) var host: String?
    package private(set) var authorization: String?
    package private(set) var contentType: String?
    package private(set) var contentEncoding: String?
    package private(set) var contentLength: Int?
    /// `Inference-Header-Content-Length` as it came.
    package private(set) var jsonByteCount: String?
    /// What stands behind the path's “?”.
    package var query: String?
    package private(set) var accept: String?
    package private(set) var acceptEncoding: String?
    /// How long the caller waits: `slipway-timeout` as it came.
    package private(set) var timeout: String?
    /// `X-Amzn-SageMaker-Target-Model`
    package private(set) var targetModel: String?
    package private(set) var expectsContinue = false
    /// Whether a proxy says that it passed the request on.
    package private(set) var isForwarded = false
    /// Whether the client offers another protocol: NIO's parser stops behind such a request, so it is the last one.
    package private(set) var offersUpgrade = false

    package init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            switch name.utf8.count {
            case 3 where isHeader(name, "via"): isForwarded = true
            // Which of two names a proxy went by cannot be known.
            case 4 where isHeader(name, "host"): host = host == nil ? value : "\(host ?? ""),\(value)"
            case 6 where isHeader(name, "accept"): accept = value
            case 6 where isHeader(name, "expect"): expectsContinue = value.lowercased() == "100-continue"
            case 7 where isHeader(name, "upgrade"): offersUpgrade = true
            case 9 where isHeader(name, "forwarded") || isHeader(name, "x-real-ip"): isForwarded = true
            case 12 where isHeader(name, "content-type"): contentType = value
            case 13 where isHeader(name, "authorization"): authorization = value
            case 14 where isHeader(name, "content-length"): contentLength = Int(value) ?? .max
            case 15 where isHeader(name, "accept-encoding"): acceptEncoding = value
            case 15 where isHeader(name, "slipway-timeout"): timeout = value
            case 16 where isHeader(name, "content-encoding"): contentEncoding = value
            case 29 where isHeader(name, "x-amzn-sagemaker-target-model"): targetModel = value
            case 31 where isHeader(name, "inference-header-content-length"): jsonByteCount = value
            default: break
            }
            if begins(name, with: "x-forwarded-") { isForwarded = true }
        }
    }

    /// Whether the body is CSV, as against JSON.
    package var isCSV: Bool { contentType.map { mediaType($0) == "text/csv" } ?? false }

    /// The encoding that would have to be undone first; `nil` when there is none.
    package var refusedEncoding: String? {
        guard let contentEncoding, contentEncoding.lowercased() != "identity" else { return nil }
        return contentEncoding
    }
}

/// Whether `name` is `lowercase`, whatever the case of its letters.
private func isHeader(_ name: String, _ lowercase: StaticString) -> Bool {
    name.utf8.count == lowercase.utf8CodeUnitCount && begins(name, with: lowercase)
}

/// Whether `name` begins with `lowercase`, whatever the case of its letters.
private func begins(_ name: String, with lowercase: StaticString) -> Bool {
    var index = 0
    for byte in name.utf8 {
        guard index < lowercase.utf8CodeUnitCount else { return true }
        // Setting the bit 0x20 makes a letter small; of what else it changes, nothing may stand in a header's name.
        guard unsafe byte | 0x20 == lowercase.utf8Start[index] || byte == lowercase.utf8Start[index] else {
            return false
        }
        index += 1
    }
    return index == lowercase.utf8CodeUnitCount
}

/// `text/csv` of `Text/CSV; header=present`.
private func mediaType(_ value: String) -> String {
    let end = value.firstIndex { $0 == ";" || $0 == " " } ?? value.endIndex
    return value[..<end].lowercased()
}
