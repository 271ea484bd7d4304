// SPDX-License-Identifier: Apache-2.0
import LogFiles
import PredictionLogging

enum LogFilesShelf {
    static func make(_ folder: String) throws -> any SegmentShelf { try LogFiles(folder: folder) }
}
