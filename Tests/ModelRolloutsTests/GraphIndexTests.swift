// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import Testing

@testable import ModelRollouts

struct GraphIndexTests {
    private func model(_ name: String) throws -> ModelReference { ModelReference(name: try ModelName(name)) }

    @Test func onlyGraphsThatUseAModelFollowIt() throws {
        var index = GraphIndex()
        try index.note(model("plain"), uses: nil)
        try index.note(model("first"), uses: [model("a"), model("b")])
        try index.note(model("second"), uses: [model("b"), model("first")])
        #expect(try index.affected(by: model("plain")) == [])
        #expect(try index.affected(by: model("a")) == [model("first")])
        #expect(try index.affected(by: model("b")) == [model("first"), model("second")])
        #expect(try index.affected(by: model("first")) == [model("first"), model("second")])
        // Its newest version is no graph any more.
        try index.note(model("first"), uses: nil)
        #expect(try index.affected(by: model("a")) == [])
        #expect(try index.graphs == [model("second")])
    }

    @Test func versionsAreReadAsTheyArePinned() throws {
        let pinned = try #require(PinnedVersion("growth/churn-text@3"))
        #expect(pinned.number == 3 && pinned.model.description == "growth/churn-text")
        for text in ["", "m", "m@1", "a/b", "a/b@", "a/b@x", "a/b/c@1", "a/b@1@2"] {
            #expect(PinnedVersion(text) == nil)
        }
    }
}
