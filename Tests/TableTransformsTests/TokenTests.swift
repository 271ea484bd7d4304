// SPDX-License-Identifier: Apache-2.0
import Tensors
import Testing

@testable import TableTransforms

/// Tokens, hashes and cases of letters, as Python has them.
struct TokenTests {
    @Test func tokensAreThoseOfPythonsExpressions() throws {
        for test in try #require(try fixture("tokens").elements) {
            let pattern = try #require(test["pattern"]?.string)
            let text = try #require(test["text"]?.string)
            let expected = try #require(test["tokens"]?.elements).compactMap(\.string)
            let found = try TokenPattern(pattern).tokens(of: text).map(String.init)
            #expect(found == expected, "\(pattern) of \(text)")
        }
    }

    /// What says more than a run of one class, or says it in a way that is read otherwise here than there.
    @Test(arguments: [
        "", "a", "\\w", "\\w*", "\\w+?", "\\w+\\s+", "(\\w+)", "\\w+|\\d+", "(?i)\\w+", "\\b\\S+\\b", "\\b[a-z]+\\b",
        "\\b\\w+", "\\w+\\b", "\\b\\b", "[a-z", "[]+", "[^]+", "[]a]+", "[z-a]+", "[\\n]+", "[\\1]+", "[\\é]+",
        "[a-\\d]+",
        "[[:alpha:]]+", "[\\W]+", "\\w{0,}", "\\w{101,}", "\\w{2}", "\\w{2,3}", "\\w{+2,}", "\\w{,}", "\\w\\w{2,}",
        "\\w\\w+\\\\b", "\\x41+", ".+", "^\\w+$", "\\p{L}+", "\\w++", "[e\u{301}]+", "(?u)", "\\",
    ])
    func anyOtherExpressionIsRefused(expression: String) {
        #expect(
            throws: TableFault(
                "“\(expression)” is no run of one class of characters, like \\w\\w+ or [a-z]{2,}")
        ) { try TokenPattern(expression) }
    }

    @Test func aLongExpressionIsNotRepeatedInFull() {
        let error = #expect(throws: TableFault.self) { try TokenPattern(String(repeating: "(", count: 100_000)) }
        #expect((error?.reason.count ?? 0) < 200)
    }

    /// Every character that this Python and this Swift both know is white, a digit or part of a word to both.
    @Test func charactersAreOfTheClassesThatPythonHas() throws {
        let classes = try fixture("characters")
        let members = { (name: String) throws -> Set<UInt32> in
            Set(
                try #require(classes[name]?.elements).flatMap { range in
                    UInt32(range[0]?.integer ?? 0)...UInt32(range[1]?.integer ?? 0)
                })
        }
        let (words, spaces, digits) = (try members("word"), try members("space"), try members("digit"))
        var differing: [UInt32] = []
        for code in try members("known") {
            guard let scalar = Unicode.Scalar(code) else { continue }
            let agrees =
                isWordCharacter(scalar) == words.contains(code) && isPythonSpace(scalar) == spaces.contains(code)
                && (scalar.properties.generalCategory == .decimalNumber) == digits.contains(code)
            if !agrees { differing.append(code) }
        }
        // Numbers that later versions of Unicode found to be some.
        #expect(differing.count < 10, "\(differing.map { String($0, radix: 16) })")
        #expect(!differing.contains { $0 < 0x3000 }, "\(differing.map { String($0, radix: 16) })")
    }

    @Test func hashesAreMurmurs() throws {
        for pair in try #require(try fixture("hashes").elements) {
            let text = try #require(pair[0]?.string)
            #expect(murmurHash3(Array(text.utf8)) == UInt32(try #require(pair[1]?.integer)), "\(text)")
        }
    }

    /// One of the texts hashes to the number that has no positive counterpart.
    @Test func theFixturesHoldTheLeastHash() throws {
        let hashes = try #require(try fixture("hashes").elements).compactMap { $0[1]?.integer }
        #expect(hashes.contains(1 << 31))
    }
}
