// SPDX-License-Identifier: Apache-2.0
import Foundation
import ModelDomain
import Testing

/// What the manifest cannot enforce: who may import what from outside, and how files look.
struct ArchitectureTests {
    private let repository = Repository()
    private var sources: [Repository.SourceFile] { repository.files(below: ["Sources"]) }

    /// A third-party module has one room that knows it, so that it can be replaced there.
    @Test func everyThirdPartyModuleStaysInItsRoom() {
        let homes: [String: Set<String>] = [
            "GRDB": ["StoreSQL"], "Yams": ["ProjectFiles"],
            "AsyncHTTPClient": ["APIClient", "AlertDelivery", "TelemetryExport"],
            "Hummingbird": ["HTTPInterface"], "HummingbirdCore": ["HTTPInterface"], "CONNXRuntime": ["EngineONNX"],
            "CPostgres": ["StoreSQL"],
            "ArgumentParser": ["CommandLineInterface", "slipway"], "Histogram": ["LoadGenerator"],
        ]
        for file in sources {
            for module in file.imports {
                guard let allowed = homes[module] else { continue }
                #expect(allowed.contains(file.room), "\(file.path) imports \(module)")
            }
        }
    }

    /// One file looks through the wall, and one knows the database.
    @Test func wallsAndDriversHaveOneFileEach() {
        for module in ["CONNXRuntime", "CPostgres", "GRDB"] {
            let users = sources.filter { $0.imports.contains(module) }.map(\.path)
            #expect(users.count == 1, "\(module) is imported by \(users)")
        }
    }

    @Test func theDomainTouchesNothing() {
        let allowed: Set = ["Tensors", "Statistics", "ModelDomain", "Crypto", "Glibc", "Musl", "Darwin"]
        for file in sources where file.ring == "Domain" {
            #expect(Set(file.imports).isSubset(of: allowed), "\(file.path) imports \(file.imports)")
            #expect(!file.text.contains(" async "), "\(file.path) is asynchronous")
        }
    }

    @Test func servicesKeepOutSocketsSQLAndFiles() {
        let forbidden: Set = ["NIOCore", "NIOPosix", "GRDB", "Hummingbird", "Yams", "AsyncHTTPClient"]
        for file in sources where file.ring == "Services" {
            #expect(Set(file.imports).isDisjoint(with: forbidden), "\(file.path) imports \(file.imports)")
            for word in ["FileManager", "FileHandle", "URLSession", "SELECT "] {
                #expect(!file.text.contains(word), "\(file.path) says \(word)")
            }
        }
    }

    @Test func everyFileStartsWithItsLicence() {
        for file in repository.files(below: ["Sources", "Tests"]) {
            #expect(file.text.hasPrefix("// SPDX-License-Identifier: Apache-2.0\n"), "\(file.path)")
        }
    }

    @Test func filesStaySmall() {
        for file in sources {
            #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines")
        }
    }

    /// `@unchecked Sendable` is a promise, and says why it can be kept.
    @Test func everyUncheckedPromiseGivesItsReason() {
        for file in sources
        where file.text.contains(": @unchecked Sendable") || file.text.contains("@unchecked Sendable {") {
            #expect(file.text.contains("`@unchecked Sendable`"), "\(file.path) does not say why it is safe")
        }
    }

    @Test func noFileIsUnfinished() {
        for file in sources {
            for word in ["TODO", "FIXME", "XXX", "fatalError(", "public "] {
                #expect(!file.text.contains(word), "\(file.path) says \(word)")
            }
        }
    }

    /// No service uses another in a circle; the manifest checks the rings only.
    @Test func servicesUseEachOtherInNoCircle() throws {
        let uses = Dictionary(
            grouping: sources.filter { $0.ring == "Services" }, by: \.room
        ).mapValues { Set($0.flatMap(\.imports)) }
        for start in uses.keys {
            var reached: Set<String> = []
            var open = Array(uses[start] ?? [])
            while let next = open.popLast() {
                guard reached.insert(next).inserted else { continue }
                open += uses[next] ?? []
            }
            #expect(!reached.contains(start), "\(start) uses itself by way of others")
        }
    }
}

/// Documentation that must exist because the program points at it.
struct DocumentationTests {
    private let repository = Repository()

    @Test(arguments: ErrorCode.allCases)
    func everyErrorHasAPage(_ code: ErrorCode) throws {
        let page = try #require(repository.text(code.page), "\(code.page) is missing")
        #expect(page.contains(code.rawValue))
    }

    @Test func noPageDescribesAnErrorThatIsGone() {
        let known = Set(ErrorCode.allCases.map(\.page)).union(["docs/errors/README.md"])
        for page in repository.files(below: ["docs/errors"], suffix: ".md") {
            #expect(known.contains(page.path), "\(page.path)")
        }
    }

    @Test func everyRoomStandsInTheMap() throws {
        let map = try #require(repository.text("ARCHITECTURE.md"))
        let rooms = Set(repository.files(below: ["Sources"]).map(\.room))
        for room in rooms { #expect(map.contains(room), "ARCHITECTURE.md does not name \(room)") }
    }

    /// Paths that hints and pages promise are there.
    @Test func everyPageThatIsNamedExists() {
        let files =
            repository.files(below: ["Sources"]) + repository.files(below: ["docs"], suffix: ".md")
            + ["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"].compactMap { path in
                repository.text(path).map { Repository.SourceFile(path: path, text: $0) }
            }
        for file in files {
            for match in file.text.matches(of: /docs\/[a-z-]+\/[A-Za-z0-9-]+\.md/) {
                #expect(repository.text(String(match.output)) != nil, "\(file.path) names \(match.output)")
            }
        }
    }
}
