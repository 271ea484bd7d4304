// SPDX-License-Identifier: Apache-2.0

/// What an endpoint did lately.
package struct RecentV1: Codable, Sendable, Equatable {
    /// How far back it reaches.
    package let seconds: Double
    /// Answered, failures included; answered without a prediction; refused, on arrival or after a wait.
    package let answered: Int
    package let failed: Int
    package let refused: Int
    /// How long predictions took; absent where none were made. Estimated within the bucket, as Prometheus does.
    package let p50Microseconds: Double?
    package let p99Microseconds: Double?

    package init(seconds: Double, answered: Int, failed: Int, refused: Int, durations: [DurationBucketV1]) {
        self.seconds = seconds
        self.answered = answered
        self.failed = failed
        self.refused = refused
        p50Microseconds = durations.quantile(0.5).map { $0 / 1000 }
        p99Microseconds = durations.quantile(0.99).map { $0 / 1000 }
    }
}

/// How many predictions took about so long. Buckets that are empty are not told.
package struct DurationBucketV1: Codable, Sendable, Equatable {
    /// More than that.
    package let aboveNanoseconds: Int
    /// At most that; absent for what took longest.
    package let atMostNanoseconds: Int?
    package let count: Int

    package init(aboveNanoseconds: Int, atMostNanoseconds: Int?, count: Int) {
        self.aboveNanoseconds = aboveNanoseconds
        self.atMostNanoseconds = atMostNanoseconds
        self.count = count
    }
}

extension [DurationBucketV1] {
    /// What a share of them took at most, in nanoseconds, as if they lay evenly in their bucket; `nil` of none.
    ///
    /// - Parameter share: From 0 to 1.
    package func quantile(_ share: Double) -> Double? {
        let rank = share * Double(reduce(0) { $0 + $1.count })
        var before = 0.0
        for bucket in sorted(by: { $0.aboveNanoseconds < $1.aboveNanoseconds }) where bucket.count > 0 {
            let count = Double(bucket.count)
            guard before + count >= rank else {
                before += count
                continue
            }
            let low = Double(bucket.aboveNanoseconds)
            // Nothing is known of how far the last one reaches.
            guard let high = bucket.atMostNanoseconds else { return low }
            return low + (Double(high) - low) * (rank - before) / count
        }
        return nil
    }

    /// What came since another look.
    package func since(_ earlier: [DurationBucketV1]) -> [DurationBucketV1] {
        let known = Dictionary(earlier.map { ($0.aboveNanoseconds, $0.count) }, uniquingKeysWith: { $1 })
        return map {
            DurationBucketV1(
                aboveNanoseconds: $0.aboveNanoseconds, atMostNanoseconds: $0.atMostNanoseconds,
                count: $0.count - (known[$0.aboveNanoseconds] ?? 0))
        }
    }
}

/// What became of an endpoint's predictions on their way to the log, since the server started.
package struct LogCountsV1: Codable, Sendable, Equatable {
    package let records: Int
    package let bytes: Int
    /// Left out because the endpoint keeps a share.
    package let sampledOut: Int
    /// Lost, by cause; those that there were.
    package let dropped: [String: Int]

    package init(records: Int, bytes: Int, sampledOut: Int, dropped: [String: Int]) {
        self.records = records
        self.bytes = bytes
        self.sampledOut = sampledOut
        self.dropped = dropped
    }
}

/// What watching over an endpoint has found, in few words.
package struct FindingV1: Codable, Sendable, Equatable {
    /// `ok`, `warning`, `alarm`, or `unknown` as long as there is too little to tell.
    package let state: String
    /// `2 of 30 columns`: fits in a column of a table; absent where there is no more to say.
    package let text: String?

    package init(state: String, text: String? = nil) {
        self.state = state
        self.text = text
    }
}
