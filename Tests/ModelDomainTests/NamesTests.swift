// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct NamesTests {
    @Test(arguments: ["a", "0", "churn", "Churn-2_b.onnx", String(repeating: "x", count: 100)])
    func aPlainNameIsAccepted(_ text: String) throws {
        #expect(try ModelName(text).rawValue == text)
        #expect(ModelName(rawValue: text)?.description == text)
    }

    @Test(arguments: [
        "", ".", "..", "-a", "_a", ".a", "a b", "a/b", "a\\b", "ä", "a\0", "a\n", "churn\u{200B}", "a:b", "@a", "../a",
        String(repeating: "x", count: 101),
    ])
    func anyOtherNameIsRefusedWithTheRule(_ text: String) throws {
        #expect(ModelName(rawValue: text) == nil)
        let refusal = try #require(throws: Refusal.self) { try ModelName(text) }
        #expect(refusal.explanation.code == .badName)
        #expect(refusal.explanation.kind == .invalidInput)
        #expect(refusal.explanation.hint?.contains("letters") == true)
    }

    @Test func namesSortByTheirBytes() {
        let names = ["b", "B", "a.b", "a-b"].compactMap(ModelName.init(rawValue:))
        #expect(names.sorted().map(\.rawValue) == ["B", "a-b", "a.b", "b"])
    }

    @Test func theClosestNameIsSuggested() {
        let names = ["churn", "fraud-score", "digits"]
        #expect(closestName(to: "chrun", among: names) == nil, "two edits are more than a third of five letters")
        #expect(closestName(to: "chur", among: names) == "churn")
        #expect(closestName(to: "CHURN", among: names) == "churn")
        #expect(closestName(to: "fraud_scroe", among: names) == "fraud-score")
        #expect(closestName(to: "digit", among: names) == "digits")
        #expect(closestName(to: "weather", among: names) == nil)
        #expect(closestName(to: "", among: names) == nil)
        #expect(closestName(to: "churn", among: [String]()) == nil)
    }

    @Test func equallyCloseNamesAreSuggestedInOrder() {
        #expect(closestName(to: "abd", among: ["abz", "abc"]) == "abc")
    }

    @Test func aPathStaysInsideItsFolder() {
        for path in ["a", "a/b", "a.b/..c", "…/ü"] { #expect(isInside(path), "\(path)") }
        for path in [
            "", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "a\0b",
            String(repeating: "x", count: 501),
        ] {
            #expect(!isInside(path), "\(path)")
        }
    }
}
