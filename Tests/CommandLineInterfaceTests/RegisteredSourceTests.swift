// SPDX-License-Identifier: Apache-2.0
import CommandLineInterface
import ModelDomain
import Testing

struct RegisteredSourceTests {
    @Test(arguments: [
        ("churn@champion", "default", "churn", "@champion"), ("churn@3", "default", "churn", "3"),
        ("growth/churn@3", "growth", "churn", "3"), ("models:/churn@champion", "default", "churn", "@champion"),
        ("models:/churn/3", "default", "churn", "3"), ("a@b@2", "default", "a@b", "2"),
        ("My model@第二", "default", "My model", "@第二"),
    ])
    func aVersionIsNamed(text: String, project: String, model: String, version: String) throws {
        let source = try #require(RegisteredSource(text, project: nil))
        #expect(source.model.project.rawValue == project && source.model.name.rawValue == model)
        #expect(source.version == version)
    }

    @Test func theProjectMayBeGivenBesideIt() throws {
        #expect(RegisteredSource("churn@3", project: try ProjectName("growth"))?.model.project.rawValue == "growth")
    }

    @Test(arguments: [
        "churn", "model.onnx", "folder/model.onnx", "@3", "churn@", "a/b/c@3", "churn@a b", "models:/churn",
        "models:/@champion", "./churn@3", "/churn@3", "churn@a/b", "",
    ])
    func whatIsNoVersionIsTakenForAFile(text: String) {
        #expect(RegisteredSource(text, project: nil) == nil)
    }
}
