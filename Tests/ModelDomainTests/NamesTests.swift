// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

struct NamesTests {
    @Test(arguments: ["a", "0", "churn", "Churn-2_b.onnx", String(repeating: "x", count: 100)])
    func aPlainNameIsAccepted(_ text: String) throws {
        #expect(try EndpointName(text).rawValue == text)
        #expect(EndpointName(rawValue: text)?.description == text)
        #expect(try ModelName(text).rawValue == text)
    }

    @Test(arguments: [
        "", ".", "..", "-a", "_a", ".a", "a b", "a/b", "a\\b", "ä", "a\0", "a\n", "churn\u{200B}", "a:b", "@a", "../a",
        String(repeating: "x", count: 101),
    ])
    func anyOtherNameIsRefusedWithTheRule(_ text: String) throws {
        #expect(EndpointName(rawValue: text) == nil)
        let refusal = try #require(throws: Refusal.self) { try EndpointName(text) }
        #expect(refusal.explanation.code == .badName)
        #expect(refusal.explanation.kind == .invalidInput)
        #expect(refusal.explanation.hint?.contains("letters") == true)
    }

    /// Clients of MLflow call models what they like, as long as it is no path.
    @Test(arguments: ["Churn model", "ä 🌳", "a.b%20c", "@a", "-", "..a", String(repeating: "x", count: 256)])
    func aModelsNameMayBeNearlyAnyText(_ text: String) throws {
        #expect(try ModelName(text).rawValue == text)
    }

    @Test(arguments: ["", " ", ".", "..", "a/b", "a:b", "a\0", "a\nb", "../a", String(repeating: "x", count: 257)])
    func aModelsNameIsNoPath(_ text: String) throws {
        let refusal = try #require(throws: Refusal.self) { try ModelName(text) }
        #expect(refusal.explanation.code == .badName && refusal.explanation.hint?.contains("letters") == true)
    }

    @Test(arguments: ["champion", "_", "-", "第二", "é", "v1.2", String(repeating: "a", count: 255)])
    func anAliasIsLettersDigitsAndSigns(_ text: String) throws {
        #expect(try AliasName(text).rawValue == text)
    }

    @Test(arguments: ["", "a b", "a/b", "a@b", ".", "..", "a\n", String(repeating: "a", count: 256)])
    func whatIsNoAliasIsRefused(_ text: String) {
        #expect(AliasName(rawValue: text) == nil)
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
