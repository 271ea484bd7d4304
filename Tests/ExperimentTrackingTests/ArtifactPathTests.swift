// SPDX-License-Identifier: Apache-2.0
import ExperimentTracking
import ModelDomain
import Testing

struct ArtifactPathTests {
    @Test(arguments: ["0/r/artifacts/model/MLmodel", "0/r/a b/ü.txt", "0/x..y", "0/...", "0/a%", "0/a%b/é"])
    func namesAreTaken(text: String) throws {
        #expect(try ArtifactPath(text).text == text)
    }

    @Test func aSlashAtTheEndDoesNotCount() throws {
        #expect(try ArtifactPath("0/a/").text == "0/a")
    }

    @Test(arguments: [
        "", "/", "/etc/passwd", "..", "0/../x", "0/./x", "0//x", "0/..", "0/a\\b", "\\\\host\\share", "0/a\0b",
        "0/a\nb",
        "0/%2e%2e/x", "0/%2E%2E", "0/a%2Fb", "0/a%5Cb", "0/%252e%252e", "0/a/../../../etc/passwd", "0/a//",
    ])
    func whatLeadsElsewhereIsRefused(text: String) {
        #expect(throws: Refusal.self) { try ArtifactPath(text) }
    }

    @Test func onlyTheFirstPartNamesTheExperiment() throws {
        #expect(try ArtifactPath("17/models/m/artifacts").experiment == ExperimentID(17))
        #expect(try ArtifactPath("x/17").experiment == nil)
        #expect(try ArtifactPath("017/a").experiment == nil)
    }
}
