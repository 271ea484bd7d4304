// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Why a step towards a sandbox failed, as one line.
struct SystemFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// With what the system says of its last error.
    static func last(_ step: String) -> SystemFailure {
        let code = errno
        return SystemFailure("\(step): \(unsafe String(cString: strerror(code)))")
    }
}

/// - Throws: What the system says when `result` is negative.
@discardableResult
func expect(_ step: @autoclosure () -> String, _ result: Int32) throws(SystemFailure) -> Int32 {
    guard result >= 0 else { throw .last(step()) }
    return result
}

/// A file of the kernel's, or `nil` where it cannot be read.
func kernelText(_ path: String) -> String? {
    guard let bytes = try? FileHandle(forReadingAtPath: path)?.readToEnd() else { return nil }
    return String(decoding: bytes, as: UTF8.self)
}

/// - Throws: What the system says when the kernel does not take it.
func tellKernel(_ path: String, _ text: String) throws(SystemFailure) {
    let descriptor = try expect(path, unsafe open(path, O_WRONLY | O_CLOEXEC))
    defer { close(descriptor) }
    let count = unsafe text.utf8CString.withUnsafeBytes { bytes in
        // Without the zero at its end.
        unsafe write(descriptor, bytes.baseAddress, bytes.count - 1)
    }
    guard count == text.utf8.count else { throw .last(path) }
}
