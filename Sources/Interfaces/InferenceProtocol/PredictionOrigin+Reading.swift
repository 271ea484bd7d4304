// SPDX-License-Identifier: Apache-2.0
package import InferenceServing
package import ModelDomain

extension PredictionOrigin {
    /// Of what callers call the thing that a prediction is about, and whom it is about, in bytes.
    private static let longestKey = 200

    /// - Throws: `IN-009` where what the caller says is too long.
    package func check() throws(Refusal) {
        for (header, value) in [("slipway-key", key), ("slipway-subject", subject)] {
            guard let value, value.utf8.count > Self.longestKey else { continue }
            throw Refusal(
                .limitExceeded, .invalidInput, "\(header) is longer than \(Self.longestKey) bytes.",
                hint: "Send what the prediction is about under a short key.", details: [.init("header", header)])
        }
    }
}

/// The id that a caller gives to a prediction.
///
/// - Throws: `IN-006` for what is no UUID.
package func predictionID(_ text: String) throws(Refusal) -> PredictionID {
    guard let id = PredictionID(text) else {
        throw Refusal(
            .outOfRange, .invalidInput, "slipway-prediction-id is “\(text.prefix(40))”, which is no UUID.",
            hint: "Send an UUID, or leave the header out: every prediction gets one.",
            details: [.init("header", "slipway-prediction-id")])
    }
    return id
}

/// Where an endpoint answers only what is kept, and nothing can be.
package let logIsFull = Refusal(
    .logFull, .overloaded, "The prediction could not be kept in the log, and this endpoint answers only what is kept.",
    hint: "Look at the disk of the data folder, or set log_when_full to drop and log_durable to false.")
