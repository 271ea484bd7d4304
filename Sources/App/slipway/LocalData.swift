// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import DataTables
import DataVersions
import Foundation
import ModelDomain
import ModelPackaging
import ProcessSandbox
import ProjectFiles
import PythonTools
import Synchronization

/// A file of data on this machine.
final class LocalData: DataFile {
    let name: String
    let format: DataFormat
    private let path: String
    private let workers: @Sendable () throws -> Workers
    /// What another program made of it, once.
    private let conversion = Mutex<Conversion?>(nil)

    private struct Conversion {
        let folder: StagedFolder
        let columns: [DataColumn]
        let headerByteCount: Int
    }

    /// - Throws: `PRJ-006` when there is no such file, `DAT-003` when its name does not tell what it is.
    init(_ path: String, format: DataFormat?, workers: @escaping @Sendable () throws -> Workers) throws {
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw Refusal(.fileMissing, .notFound, "There is no file “\(path)”.", hint: "Check the path.")
        }
        guard !isFolder.boolValue else {
            throw Refusal(
                .dataUnreadable, .invalidInput, "“\(path)” is a folder.",
                hint: "A version of data is one file: join its parts, or add each as a data set of its own.")
        }
        name = path.split(separator: "/").last.map(String.init) ?? path
        guard let format = format ?? DataFormat(name: path) else { throw DatasetError.unknownFormat(name) }
        self.format = format
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        self.workers = workers
    }

    func pieces() throws -> @Sendable () throws -> [UInt8]? {
        let folder = try ConfinedFolder(
            at: URL(fileURLWithPath: path).deletingLastPathComponent().path, granting: [path])
        return try folder.pieces(of: path)
    }

    func converted() throws -> ConvertedTable {
        let conversion = try conversion.withLock { known in
            if let known { return known }
            let made = try convert()
            known = made
            return made
        }
        let next = try conversion.folder.pieces(of: "rows")
        let toSkip = Mutex(conversion.headerByteCount)
        return ConvertedTable(columns: conversion.columns) {
            while let piece = try next() {
                let rest = toSkip.withLock { skip in
                    let count = min(skip, piece.count)
                    skip -= count
                    return piece.dropFirst(count)
                }
                if !rest.isEmpty { return Array(rest) }
            }
            return nil
        }
    }

    private func convert() throws -> Conversion {
        let workers = try workers()
        let folder = try workers.scratch()
        let space = try FileManager.default.attributesOfFileSystem(forPath: folder.staging.path)[.systemFreeSize]
        let free = (space as? NSNumber)?.intValue ?? 1 << 30
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size]
        let byteCount = (size as? NSNumber)?.intValue ?? 0
        // A small file may hold a table without end.
        let byteLimit = min(free / 2, max(256 << 20, byteCount.multipliedReportingOverflow(by: 1000).partialValue))
        let (columns, headerByteCount) = try workers.tableConversion().convert(
            path, format: format, to: "\(folder.staging.path)/rows", byteLimit: byteLimit)
        return Conversion(folder: folder, columns: columns, headerByteCount: headerByteCount)
    }
}

extension Staging: TemporaryFolder {}

extension MachineToolbox {
    func dataFile(_ path: String, format: DataFormat?, data: String?) throws -> any DataFile {
        try LocalData(path, format: format) { try workers(of: data) }
    }

    private func workers(of data: String?) throws -> Workers {
        EngineLibraries(folder: DataFolder(data), demand: try SandboxDemand(nil as SandboxChoice?)).workers
    }

    func configuration(_ path: String) throws -> ConfigNode {
        guard let handle = FileHandle(forReadingAtPath: path),
            let bytes = try? handle.read(upToCount: 4 << 20), bytes.count < 4 << 20
        else {
            throw Refusal(
                .fileMissing, .notFound, "There is no file “\(path)” that can be read, or it is larger than 4 MiB.",
                hint: "Check the path.")
        }
        return try YAMLSyntax().parse(Array(bytes), file: path)
    }

    var time: Timestamp { .now }

    func temporaryFolder() throws -> any TemporaryFolder {
        try Staging(in: FileManager.default.temporaryDirectory.path)
    }

    func receive(_ path: String, _ pieces: (_ write: ([UInt8]) throws -> Void) async throws -> Void) async throws {
        try await receiveFile(at: path, pieces)
    }

    func writePredictions(
        to path: String, data: String?, _ lines: (_ write: (String) throws -> Void) async throws -> Void
    ) async throws {
        let writing = try workers(of: data).predictionWriting()
        try await receiveFile(at: path) { descriptor in
            try await writing.write(to: FileHandle(fileDescriptor: descriptor, closeOnDealloc: false), lines)
        }
    }
}
