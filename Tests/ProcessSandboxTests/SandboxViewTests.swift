// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ProcessSandbox

/// What a sandboxed program gets to see.
struct SandboxViewTests {
    private let folder: URL

    init() throws {
        let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        folder = temporary.appendingPathComponent("view-\(UUID().uuidString)")
        for name in ["bundle/code", "staging"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
    }

    private func view(readOnly: [String], writable: [String] = []) -> [SandboxView.Entry] {
        SandboxView(SandboxPolicy(program: "/bin/true", arguments: [], readOnly: readOnly, writable: writable)).entries
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    @Test func holdsWhatIsGrantedAndNothingBesideIt() {
        defer { try? FileManager.default.removeItem(at: folder) }
        let entries = view(readOnly: [path("bundle")], writable: [path("staging")])
        #expect(entries.contains(.readOnly(path("bundle"), at: path("bundle"))))
        #expect(entries.contains(.writable(path("staging"), at: path("staging"))))
        #expect(entries.filter { if case .writable = $0 { true } else { false } }.count == 1)
        #expect(!entries.contains { $0.place == folder.path })
        for place in ["/", "/etc", "/etc/passwd", "/etc/shadow", "/home", "/root", "/run", "/tmp", "/var", "/proc"] {
            #expect(!entries.contains { $0.place == place }, "\(place)")
        }
    }

    /// What is put in place first must not come to lie over what is in it.
    @Test func hasFoldersBeforeWhatLiesInThem() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let places = view(readOnly: [path("bundle/code"), path("bundle")]).map(\.place)
        let outer = try #require(places.firstIndex(of: path("bundle")))
        let inner = try #require(places.firstIndex(of: path("bundle/code")))
        #expect(outer < inner)
    }

    @Test func lettingWriteWinsOverLettingRead() {
        defer { try? FileManager.default.removeItem(at: folder) }
        let entries = view(readOnly: [path("staging")], writable: [path("staging")])
        #expect(entries.filter { $0.place == path("staging") } == [.writable(path("staging"), at: path("staging"))])
    }

    @Test func findsAFolderAtItsNameAndWhereItIs() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createSymbolicLink(atPath: path("link"), withDestinationPath: path("bundle"))
        let entries = view(readOnly: [path("link")])
        #expect(entries.contains(.readOnly(path("bundle"), at: path("link"))))
        #expect(entries.contains(.readOnly(path("bundle"), at: path("bundle"))))
    }

    /// Below `/usr` everything is there already, and nothing can be put over it.
    @Test func leavesOutWhatTheSystemHolds() {
        defer { try? FileManager.default.removeItem(at: folder) }
        let entries = view(readOnly: ["/usr/bin", "/bin/sh", "/no/such/folder"])
        #expect(
            !entries.contains { $0.place.hasPrefix("/usr/") || $0.place == "/bin/sh" || $0.place.hasPrefix("/no/") })
        #expect(entries.contains(.readOnly("/usr", at: "/usr")))
    }
}
