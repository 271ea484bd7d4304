// SPDX-License-Identifier: Apache-2.0
package import ModelDomain
package import ModelExecution

/// The bytes of a regular file of at most `limit` bytes, whoever wrote it: no link is followed, and nothing is waited for.
///
/// - Throws: `PRJ-009`.
package func readRegularFile(_ file: ModelFile, limit: Int) throws(Refusal) -> [UInt8] {
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    do {
        guard let open = try OpenFile(reading: file.path), try open.isRegular, try open.byteCount <= limit else {
            throw FieldReader.damaged("“\(name)” cannot be read")
        }
        var bytes: [UInt8] = []
        while true {
            let part = try open.read(upTo: 1 << 20)
            guard !part.isEmpty else { return bytes }
            bytes += part
            guard bytes.count <= limit else { throw FieldReader.damaged("“\(name)” grows while it is read") }
        }
    } catch let refusal as Refusal {
        throw refusal
    } catch {
        throw FieldReader.damaged("“\(name)” cannot be read")
    }
}
