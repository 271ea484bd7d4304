// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import SubjectErasure

/// A value is found as a whole, wherever pieces begin.
struct ValueSearchTests {
    private func finds(_ value: String, in text: String, pieces size: Int) -> Bool {
        var search = ValueSearch(Array(value.utf8))
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            search.take(Array(bytes[start..<min(start + size, bytes.count)]))
        }
        return search.isFoundAtEnd
    }

    @Test(arguments: [
        ("17", "id,age\n17,44\n", true), ("17", "17", true), ("17", "x\n17", true), ("17", "{\"id\": 17}", true),
        ("17", "\"17\"", true), ("17", "170,117,1.7,17.5,a17,-17,17é", false), ("17", "1,7", false), ("17", "", false),
        ("a@b.org", "x,a@b.org,y", true), ("a@b.org", "ca@b.org", false), ("aab", "aaab aab", true),
        ("Zoë", "name\nZoë\n", true), ("Zo", "name\nZoë\n", false), ("7", "7", true), ("7", "77 7", true),
    ])
    func aValueStandsByItself(_ value: String, _ text: String, _ isThere: Bool) {
        for size in 1...max(1, text.utf8.count) {
            #expect(finds(value, in: text, pieces: size) == isThere, "\(size)")
        }
    }
}
