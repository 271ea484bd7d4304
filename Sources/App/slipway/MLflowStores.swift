// SPDX-License-Identifier: Apache-2.0
import ExperimentTracking
import Foundation
import ModelDomain
import ProjectFiles
import StoreSQL

/// Opens a store of MLflow's by what its tracking URI would be: a folder, or `sqlite:///FILE`.
///
/// - Parameter artifacts: Where its files are; the store's own folder without it.
func openMLflowStore(_ place: String, artifacts: String?) throws -> (any ForeignStore, any ForeignFiles) {
    if place.hasPrefix("sqlite:") {
        let path = String(place.dropFirst("sqlite:".count).drop { $0 == "/" })
        // Four slashes are an absolute path, three one from here.
        let file = place.hasPrefix("sqlite:////") ? "/\(path)" : path
        guard FileManager.default.fileExists(atPath: file) else {
            throw Refusal(
                .fileMissing, .notFound, "There is no database “\(file)”.",
                hint: "Write sqlite:///FILE for one of this folder, and sqlite:////PATH for an absolute path.")
        }
        let folder = (URL(fileURLWithPath: file).standardizedFileURL.path as NSString).deletingLastPathComponent
        return (try MLflowDatabase(at: file), try MLflowFiles(at: artifacts ?? folder))
    }
    let folder = place.hasPrefix("file://") ? String(place.dropFirst("file://".count)) : place
    guard !folder.contains("://") else {
        throw Refusal(
            .optionRefused, .invalidInput, "“\(place.prefix(200))” is no store that can be read.",
            hint: "Name a folder such as mlruns, or sqlite:///FILE.")
    }
    return (try MLflowFolder(at: folder), try MLflowFiles(at: artifacts ?? folder))
}
