// SPDX-License-Identifier: Apache-2.0

/// Every code a person can meet. Each has a page `docs/errors/<code>.md`; a test fails until it does.
package enum ErrorCode: String, Sendable, CaseIterable {
    // The body of a request, or a row.
    case bodySyntax = "IN-001"
    case unknownName = "IN-002"
    case missingValue = "IN-003"
    case duplicateName = "IN-004"
    case wrongType = "IN-005"
    case outOfRange = "IN-006"
    case wrongShape = "IN-007"
    case brokenText = "IN-008"
    case limitExceeded = "IN-009"
    case unsupportedOption = "IN-010"

    // The registry.
    case modelUnknown = "REG-001"
    case versionUnknown = "REG-002"
    case endpointUnknown = "REG-003"
    case aliasUnknown = "REG-004"
    case badName = "REG-005"
    case nothingToRollBack = "REG-006"
    case contentMissing = "REG-007"
    case storeUnavailable = "REG-008"
    case schemaNewer = "REG-009"
    case ledgerBroken = "REG-010"
    case signatureChanged = "REG-011"
    case versionNotReady = "REG-012"
    case contentDiffers = "REG-013"
    case projectUnknown = "REG-014"
    case projectNotEmpty = "REG-015"
    case versionInUse = "REG-016"
    case endpointChanged = "REG-017"

    // Experiments, runs and what they recorded.
    case experimentUnknown = "TRK-001"
    case runUnknown = "TRK-002"
    case loggedModelUnknown = "TRK-003"
    case artifactUnknown = "TRK-004"
    case nameTaken = "TRK-005"
    case paramChanged = "TRK-006"
    case searchUnreadable = "TRK-007"
    case wasDeleted = "TRK-008"
    case notImplemented = "TRK-009"
    case uploadRefused = "TRK-010"
    case recordDiffers = "TRK-011"

    // Data versions.
    case datasetUnknown = "DAT-001"
    case datasetDamaged = "DAT-002"
    case dataUnreadable = "DAT-003"
    case dataNotKept = "DAT-004"
    case expectationsUnmet = "DAT-005"
    case dataDiffers = "DAT-006"

    // Doing a training run again.
    case runNotLinked = "RPR-001"
    case runNotRecorded = "RPR-002"
    case runRecordDamaged = "RPR-003"
    case notReproduced = "RPR-004"
    case commandFailed = "RPR-005"
    case nothingTrained = "RPR-006"
    case codeNotRecordable = "RPR-007"

    // Serving.
    case endpointNotReady = "SRV-001"
    case overloaded = "SRV-002"
    case deadlineExceeded = "SRV-003"
    case routeUnknown = "SRV-004"
    case methodNotAllowed = "SRV-005"
    case bug = "SRV-006"
    case callerLimited = "SRV-007"
    case callerGone = "SRV-008"

    // The log of predictions.
    case logFull = "LOG-001"
    case predictionUnknown = "LOG-002"
    case logDamaged = "LOG-003"

    // The monitor.
    case notWatched = "MON-001"
    // What turned out to be true of a prediction.
    case labelRefused = "LBL-001"
    case labelTimeRefused = "LBL-002"
    case nothingToLabel = "LBL-003"
    case feedbackUnreadable = "LBL-004"
    case notLabelled = "LBL-005"

    // The objectives of an endpoint.
    case objectivesMissed = "SLO-001"
    case measurementDisturbed = "SLO-002"
    case settingsNotRestored = "SLO-003"

    // Engines.
    case engineMissing = "ENG-001"
    case engineUnusable = "ENG-002"
    case modelRefused = "ENG-003"
    case typeUnsupported = "ENG-004"
    case runFailed = "ENG-005"
    case memoryShort = "ENG-006"
    case workerUnavailable = "ENG-007"
    case endsWorkers = "ENG-008"
    case environmentMissing = "ENG-009"
    case inputsRefused = "ENG-010"
    case deviceUnavailable = "ENG-011"

    // The sandbox of workers.
    case sandboxMissing = "SBX-001"

    // The project file and the bundle.
    case yamlSyntax = "PRJ-001"
    case unknownKey = "PRJ-002"
    case wrongValue = "PRJ-003"
    case plannedKey = "PRJ-004"
    case pathOutside = "PRJ-005"
    case fileMissing = "PRJ-006"
    case modelNotFound = "PRJ-007"
    case projectExists = "PRJ-008"
    case bundleDamaged = "PRJ-009"
    case graphUnusable = "PRJ-010"

    // The proof of equal behaviour.
    case answersDiffer = "PRF-001"
    case examplesUnusable = "PRF-002"

    // Who may.
    case tokenMissing = "ACC-001"
    case tokenRefused = "ACC-002"
    case hostRefused = "ACC-003"
    case tokenNotFound = "ACC-004"
    case tokenFixed = "ACC-005"

    // Backups, and what is cleared away.
    case backupDamaged = "BAK-001"
    case restoreTargetTaken = "BAK-002"
    case backupUnknown = "BAK-003"
    case sweepStopped = "RET-001"

    // Several servers of one platform.
    case workTaken = "RPL-001"
    case leaseLost = "RPL-002"
    case contentsForeign = "RPL-003"
    case schemaHeld = "RPL-004"

    // Alerts, and where they go.
    case alertUnknown = "ALR-001"
    case destinationTaken = "ALR-002"
    case secretUnreadable = "ALR-003"
    case noticeNotDelivered = "ALR-004"

    // The machine.
    case diskFull = "SYS-001"
    case notWritable = "SYS-002"
    case dataFolderInUse = "SYS-003"
    case portInUse = "SYS-004"
    case serverUnreachable = "SYS-005"
    case serverDidNotStart = "SYS-006"
    case addressUnusable = "SYS-007"
    case optionRefused = "SYS-008"
    case certificateUnusable = "SYS-009"
    case takeOverFailed = "SYS-010"
    case serverReplaced = "SYS-011"

    /// Where the page is, relative to the documentation.
    package var page: String { "docs/errors/\(rawValue).md" }
}
