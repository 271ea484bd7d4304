// SPDX-License-Identifier: Apache-2.0
import Foundation
package import ModelDomain

/// How strong the sandbox is on this machine, found out by looking at it from inside.
package struct SandboxStrength: Sendable {
    /// The best that works here; `nil` when none does.
    package let form: SandboxForm?
    package let held: Set<SandboxLayer>
    /// The program, where there is one.
    package let bubblewrap: String?
    /// Why the forms before that one are not it, one line each.
    package let problems: [String]

    package var missing: [SandboxLayer] { SandboxLayer.allCases.filter { !held.contains($0) } }
    package var isFull: Bool { held.isSuperset(of: SandboxLayer.required) }
}

// MARK: Looking

extension SandboxStrength {
    /// - Parameter forms: Those that may be used, the best first. No further one is tried once one is full.
    init(program: String, forms: [SandboxForm]) {
        let bubblewrap = Self.findBubblewrap()
        var best: (form: SandboxForm, held: Set<SandboxLayer>)?
        var problems: [String] = []
        for form in forms {
            if form == .bubblewrap, bubblewrap == nil {
                problems.append("bubblewrap is not installed")
                continue
            }
            do {
                let held = try Self.look(form, program: program, bubblewrap: bubblewrap)
                if best.map({ held.count > $0.held.count }) ?? true { best = (form, held) }
                if held.isSuperset(of: SandboxLayer.required) { break }
            } catch {
                problems.append("\(form.rawValue): \(error)")
            }
        }
        self.init(form: best?.form, held: best?.held ?? [], bubblewrap: bubblewrap, problems: problems)
    }

    private static func findBubblewrap() -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/bwrap" }.first {
            $0.hasPrefix("/") && FileManager.default.isExecutableFile(atPath: $0)
        }
    }

    private static func look(
        _ form: SandboxForm, program: String, bubblewrap: String?
    ) throws -> Set<SandboxLayer> {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("slipway-look-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let canary = folder.appendingPathComponent("canary").path
        try Data("seen".utf8).write(to: URL(fileURLWithPath: canary))
        let policy = SandboxPolicy(
            program: program, arguments: [SandboxOrder.command, SandboxOrder.lookOption],
            environment: [SandboxLook.canaryVariable: canary, SandboxLook.processVariable: "\(getpid())"],
            readOnly: [], limits: SandboxLook.limits)
        let order = SandboxOrder(policy: policy, form: form, isStrict: false, parent: getpid(), bubblewrap: bubblewrap)
        let (output, errors) = try run(Sandbox.launch(order, of: program))
        guard let seen = try? JSONDecoder().decode(SandboxLook.self, from: output) else {
            let line = String(decoding: errors, as: UTF8.self).split(separator: "\n").first
            throw SystemFailure(line.map(String.init) ?? "it does not start")
        }
        return seen.held
    }

    private static func run(_ launch: SandboxLaunch) throws -> (output: Data, errors: Data) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: launch.executable)
        process.arguments = Array(launch.arguments.dropFirst())
        process.environment = launch.environment
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        // Both are a few lines, which fit into a pipe.
        let texts = (
            output.fileHandleForReading.readDataToEndOfFile(), errors.fileHandleForReading.readDataToEndOfFile()
        )
        process.waitUntilExit()
        return texts
    }
}

// MARK: In words

extension SandboxStrength {
    /// One line, as `slipway doctor` shows it.
    package var summary: String {
        guard let form else { return "none: \(problems.joined(separator: "; "))" }
        let way =
            switch form {
            case .bubblewrap: "through \(bubblewrap ?? "bubblewrap")"
            case .namespaces: "through namespaces of its own"
            case .landlock: "through Landlock, without namespaces"
            }
        let holds = SandboxLayer.allCases.filter(held.contains).map(\.rawValue).joined(separator: ", ")
        let lacks = missing.isEmpty ? "" : "; missing: \(missing.map(\.rawValue).joined(separator: ", "))"
        return "\(isFull ? "full" : "weak"), \(way): \(holds)\(lacks)"
    }

    /// How to get a stronger one; `nil` when nothing is missing.
    package var remedy: String? {
        guard !missing.isEmpty else { return nil }
        let switches = [
            ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
            ("/proc/sys/user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=16384"),
            (
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
                "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
            ),
        ]
        let commands = switches.filter { kernelText($0.0)?.trimmingCharacters(in: .whitespacesAndNewlines) == $0.1 }
            .map(\.2)
        if geteuid() == 0 { return "Start the server as an ordinary user: root may not make namespaces here." }
        if !commands.isEmpty { return "Let users make namespaces, as root: `\(commands.joined(separator: "; "))`." }
        if bubblewrap == nil { return "Install bubblewrap: `apt-get install bubblewrap`." }
        return "docs/how-to/sandbox.md says what each layer needs."
    }

    /// Why a worker is not started here.
    package var refusal: Refusal {
        let names = missing.filter(SandboxLayer.required.contains).map(\.rawValue).joined(separator: ", ")
        return Refusal(
            .sandboxMissing, .unavailable, "This machine cannot hold a worker as it has to be held. Missing: \(names).",
            hint: "\(remedy ?? "") To go without, start the server with `--sandbox weak`.",
            details: problems.enumerated().map { .init("problem \($0.offset + 1)", $0.element) })
    }
}
