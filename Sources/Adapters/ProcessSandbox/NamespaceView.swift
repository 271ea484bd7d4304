// SPDX-License-Identifier: Apache-2.0
import CSandbox
import Foundation

/// Builds what bubblewrap builds, where it is not there: a root of its own for the first process of new namespaces.
struct NamespaceView {
    let view: SandboxView
    /// Of each temporary folder, in bytes.
    let temporaryBytes: Int

    /// A copy of mounts that is attached to nothing yet.
    private struct Tree {
        let descriptor: Int32
        let place: String
        let isFolder: Bool
    }

    /// Enters the new root. The working folder is then `/`.
    func enter() throws(SystemFailure) {
        try expect("a namespace of mounts", sandbox_leave_mounts())
        // Before anything is mounted over where they are.
        var trees: [Tree] = []
        for entry in view.entries {
            switch entry {
            case .readOnly(let source, let place): trees.append(try tree(source, place, writable: false))
            case .writable(let source, let place): trees.append(try tree(source, place, writable: true))
            case .link: break
            }
        }
        var devices: [Tree] = []
        for name in SandboxView.devices {
            devices.append(try tree("/dev/\(name)", "/dev/\(name)", writable: true, devices: true))
        }
        try mountMemory("/tmp", bytes: 1 << 20, mode: "755")
        try expect("the new root", unsafe chdir("/tmp"))
        let root = try expect("the new root", unsafe open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        try makeFolders("/tmp")
        try mountMemory("tmp", bytes: temporaryBytes, mode: "1777")
        try makeFolders("/dev/shm")
        try mountMemory("dev/shm", bytes: temporaryBytes, mode: "1777")
        try makeFolders("/proc")
        let flags = UInt(MS_NOSUID | MS_NODEV | MS_NOEXEC)
        try expect("/proc", unsafe mount("proc", "proc", "proc", flags, nil))
        for tree in devices { try attach(tree, root) }
        for (name, target) in [("fd", "fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")] {
            try expect("/dev/\(name)", unsafe symlink("/proc/self/\(target)", "dev/\(name)"))
        }
        for case .link(let target, let place) in view.entries {
            try makeFolders(URL(fileURLWithPath: place).deletingLastPathComponent().path)
            try expect(place, unsafe symlink(target, relative(place)))
        }
        for tree in trees { try attach(tree, root) }
        try expect("sealing the root", sandbox_seal_working_folder())
        try expect("the new root", sandbox_enter_working_folder_as_root())
    }

    private func tree(
        _ source: String, _ place: String, writable: Bool, devices: Bool = false
    ) throws(SystemFailure) -> Tree {
        let descriptor = try expect("the mounts of \(source)", unsafe sandbox_copy_mounts(source))
        try expect("limits on \(source)", sandbox_restrict_mounts(descriptor, writable ? 1 : 0, devices ? 1 : 0))
        var status = stat()
        try expect(source, unsafe fstat(descriptor, &status))
        return Tree(descriptor: descriptor, place: place, isFolder: status.st_mode & S_IFMT == S_IFDIR)
    }

    private func attach(_ tree: Tree, _ root: Int32) throws(SystemFailure) {
        if tree.isFolder {
            try makeFolders(tree.place)
        } else {
            try makeFolders(URL(fileURLWithPath: tree.place).deletingLastPathComponent().path)
            let point = unsafe open(relative(tree.place), O_RDONLY | O_CREAT | O_CLOEXEC, 0o644)
            close(try expect("a place for \(tree.place)", point))
        }
        try expect(
            "\(tree.place) in the new root", unsafe sandbox_attach_mounts(tree.descriptor, root, relative(tree.place)))
        close(tree.descriptor)
    }

    private func mountMemory(_ place: String, bytes: Int, mode: String) throws(SystemFailure) {
        let options = "size=\(bytes),mode=\(mode)"
        try expect("memory at \(place)", unsafe mount("tmpfs", place, "tmpfs", UInt(MS_NOSUID | MS_NODEV), options))
    }

    /// Makes a folder below the working folder, and those above it.
    private func makeFolders(_ path: String) throws(SystemFailure) {
        var made = ""
        for part in path.split(separator: "/") {
            made += made.isEmpty ? String(part) : "/\(part)"
            guard unsafe mkdir(made, 0o755) == 0 || errno == EEXIST else { throw .last("a place for \(path)") }
        }
    }

    private func relative(_ path: String) -> String { String(path.drop { $0 == "/" }) }
}
