// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A PostgreSQL server of our own, made from Debian's package `postgresql`, in a temporary folder. It ends with this process,
/// however that ends, and takes its folder along.
///
/// Its order of texts is not that of their bytes: what relies on bytes has to say so. It syncs nothing to disk.
package final class PostgreSQLCluster: Sendable {
    /// A person who may everything, without a password, through the socket.
    package static let owner = "slipway"
    /// Over TCP everybody needs a password.
    package static let password = "top secret"

    package let port: Int
    private let folder: String
    private let programs: String
    private let guardian = Mutex<Guardian?>(nil)
    private let databases = Atomic<Int>(0)

    /// The one that tests share: started by the first that asks, with a database for each.
    package static func shared() async throws -> PostgreSQLCluster { try await sharedCluster.value }

    /// Makes and starts one.
    package init() async throws {
        programs = try Self.findPrograms()
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("postgres-\(UUID().uuidString)")
        folder = path.path
        port = try freePort()
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // The server refuses to be root, and the folder has to be its user's.
        if let user = Self.user { try await run("/bin/chown", user, folder) }
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
        try await start(
            after: """
                \(programs)/initdb --pgdata \(folder)/data --username \(Self.owner) --encoding UTF8 --locale C.UTF-8 \
                    --locale-provider icu --icu-locale en-US --no-sync --auth-local trust --auth-host scram-sha-256
                """)
        try await sql("ALTER ROLE \(Self.owner) PASSWORD '\(Self.password)'")
    }

    /// Starts it, and waits until it answers.
    package func start() async throws { try await start(after: ":") }

    private func start(after preparation: String) async throws {
        let server = """
            \(preparation) && exec \(programs)/postgres -D \(folder)/data -k \(folder) -p \(port) \
                -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200
            """
        let process = try Guardian(of: Self.asUser + ["/bin/sh", "-c", server], folder: folder)
        guardian.withLock { $0 = process }
        for _ in 0..<6000 {
            if try await exitCode(of: ["\(programs)/pg_isready", "-q", "-h", folder, "-p", "\(port)"]) == 0 { return }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw DidNotWork(
            command: "postgres", output: (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "")
    }

    /// Stops it, and waits for its end.
    ///
    /// - Parameter keepsData: For ``start()`` to go on with.
    package func stop(keepsData: Bool = false) async {
        let process = guardian.withLock { $0.take() }
        await process?.end(keepingFolder: keepsData)
    }

    /// A new database, empty.
    ///
    /// - Returns: Its URL, by the socket.
    package func makeDatabase(encoding: String = "UTF8") async throws -> String {
        let name = "test_\(databases.add(1, ordering: .relaxed).newValue)"
        let locale = encoding == "UTF8" ? "" : " LOCALE 'C' LOCALE_PROVIDER libc"
        try await sql("CREATE DATABASE \(name) TEMPLATE template0 ENCODING '\(encoding)'\(locale)")
        return url(of: name)
    }

    package func url(of database: String) -> String {
        "postgres://\(Self.owner)@/\(database)?host=\(folder)&port=\(port)"
    }

    /// The same database over TCP, where a password is asked for.
    package func url(_ url: String, withPassword password: String) -> String {
        let name = url.split(separator: "?")[0].split(separator: "/").last ?? ""
        let word = password.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return "postgres://\(Self.owner):\(word)@127.0.0.1:\(port)/\(name)"
    }

    /// Runs statements as `psql` does, each on its own.
    ///
    /// - Parameter url: Of a database; without one, the server's own.
    /// - Returns: The rows, one a line, columns with `|` in between.
    @discardableResult
    package func sql(_ statements: String, in url: String? = nil) async throws -> String {
        try await run(
            "\(programs)/psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1",
            "--command", statements, url ?? self.url(of: "postgres"))
    }

    /// Ends the connections of Slipway to a database, as a failing network would.
    ///
    /// - Returns: How many there were.
    @discardableResult
    package func endConnections(to url: String) async throws -> Int {
        let ended = try await sql(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'slipway'
            """, in: url)
        return Int(ended.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }
}

private let sharedCluster = Task { try await PostgreSQLCluster() }

// MARK: Programs

extension PostgreSQLCluster {
    /// Debian keeps them beside each other, by version, off the path.
    private static func findPrograms() throws -> String {
        let place = "/usr/lib/postgresql"
        let versions = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).compactMap { Int($0) }
        let found = versions.sorted(by: >).map { "\(place)/\($0)/bin" }
            .first { FileManager.default.isExecutableFile(atPath: "\($0)/initdb") }
        guard let found else {
            throw DidNotWork(command: "initdb", output: "`scripts/setup.sh test` installs PostgreSQL.")
        }
        return found
    }

    /// Whom to be when we are root: the package's own user.
    private static var user: String? { getuid() == 0 ? "postgres" : nil }

    private static var asUser: [String] {
        user.map { ["/usr/bin/setpriv", "--reuid", $0, "--regid", $0, "--clear-groups"] } ?? []
    }

    @discardableResult
    private func run(_ words: String...) async throws -> String { try await run(list: words) }

    @discardableResult
    private func run(list words: [String]) async throws -> String {
        let file = "\(folder)/said-\(UUID().uuidString)"
        let code = try await exitCode(of: words, output: file)
        let output = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
        try? FileManager.default.removeItem(atPath: file)
        guard code == 0 else { throw DidNotWork(command: words.joined(separator: " "), output: output) }
        return output
    }

    private func exitCode(of words: [String], output: String? = nil) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        // Where everybody may be: initdb looks at it.
        process.currentDirectoryURL = URL(fileURLWithPath: "/")
        process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
        process.standardInput = FileHandle.nullDevice
        var handle = FileHandle.nullDevice
        if let output {
            _ = FileManager.default.createFile(atPath: output, contents: nil)
            handle = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        }
        defer { if output != nil { try? handle.close() } }
        process.standardOutput = handle
        process.standardError = handle
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return process.terminationStatus
    }

    package struct DidNotWork: Error {
        package let command: String
        package let output: String
    }
}

/// A port that is free now.
private func freePort() throws -> Int {
    let descriptor = socket(AF_INET, numericCast(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            unsafe bind(descriptor, pointer, length) == 0 ? getsockname(descriptor, pointer, &length) : -1
        }
    }
    guard code == 0 else { throw PostgreSQLCluster.DidNotWork(command: "bind", output: "no port is free") }
    return Int(UInt16(bigEndian: address.sin_port))
}
