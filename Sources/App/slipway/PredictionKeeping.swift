// SPDX-License-Identifier: Apache-2.0
import GroundTruth
import InferenceServing
import LogFiles
import Logging
import ModelDomain
import PredictionLogging

/// The prediction log in the data folder, from the start of the server to its end.
struct PredictionKeeping: Sendable {
    /// How often what is too old, or too much, is cleared away.
    private static let clearEvery = Duration.seconds(600)
    /// How often labels are looked at that wait for their predictions.
    private static let joinEvery = Duration.seconds(60)

    let log: PredictionLog
    private let logger: Logger

    /// - Parameters:
    ///   - secret: What the platform hashes with.
    ///   - isAlone: Whether no predecessor goes on to write beside us.
    ///   - observer: Sees what becomes of every prediction.
    init(
        in folder: DataFolder, secret: [UInt8], subjects: any SubjectKeyStore, isAlone: Bool,
        observer: any PredictionObserver, logger: Logger
    ) throws {
        self.logger = logger
        log = PredictionLog(
            on: try LogFiles(folder: folder.predictions), secret: secret, subjects: subjects,
            observer: observer,
            now: { .now },
            report: { message, problem in
                guard let problem else { return logger.notice("\(message)") }
                logger.warning("\(message)", metadata: ["reason": "\(problem)"])
            })
        guard isAlone else { return }
        let log = log
        Task.detached(priority: .utility) {
            do {
                let mended = try log.mend()
                guard mended.cutBytes > 0 else { return }
                logger.notice(
                    "the end of the prediction log was not written whole, and was cut off",
                    metadata: ["bytes": "\(mended.cutBytes)"])
            } catch {
                logger.warning("the end of the prediction log was not looked at", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Joins labels that came before their predictions, until it is cancelled.
    func join(_ labels: Labels) async {
        var isFailing = false
        while !Task.isCancelled {
            do {
                try await labels.joinWaiting()
                isFailing = false
            } catch {
                if !isFailing, !Task.isCancelled {
                    logger.warning("labels that wait were not joined", metadata: ["reason": "\(error)"])
                }
                isFailing = true
            }
            try? await Task.sleep(for: Self.joinEvery)
        }
    }

    /// Clears away what endpoints keep no longer, until it is cancelled.
    func clear(of service: InferenceService) async {
        while !Task.isCancelled {
            do {
                let table = service.table
                let cleared = try log.clear(at: .now) { endpoint, project in
                    table.endpoints[endpoint.rawValue].flatMap {
                        $0.record.project == project ? $0.record.settings : nil
                    }
                }
                if cleared.deletedSegments > 0 {
                    logger.info(
                        "predictions were deleted that are kept no longer",
                        metadata: ["segments": "\(cleared.deletedSegments)", "bytes": "\(cleared.deletedBytes)"])
                }
            } catch {
                logger.warning("the prediction log was not cleared", metadata: ["reason": "\(error)"])
            }
            try? await Task.sleep(for: Self.clearEvery)
        }
    }
}
