// SPDX-License-Identifier: Apache-2.0
import ModelDomain
import ModelPackaging
import ProjectFiles
import TestSupport
import Testing

struct ProjectFileTests {
    private func read(_ yaml: String) throws -> ProjectFile {
        try ProjectFile(YAMLSyntax().parse(Array(yaml.utf8), file: "slipway.yaml"))
    }

    private func refusal(_ yaml: String) throws -> Explanation {
        let failure = #expect(throws: Refusal.self) { try read(yaml) }
        return try #require(failure).explanation
    }

    @Test func anEmptyFileIsAWholeOne() throws {
        #expect(try read("") == ProjectFile())
    }

    @Test func everyKeyIsRead() throws {
        let project = try read(
            """
            schema: slipway/1
            model:
              name: churn
              project: growth
              task: binary-classification
              source: m.onnx
              engine: native
              signature: {columns: {age: {type: float32, nullable: true, range: [0, 120]}, "mean radius": {}}}
            proof:
              examples: {data: e.csv, outputs: [score], origin: self}
              tolerance: {absolute: 1e-5, relative: 0, same_decision: false}
              replay_at_start: 10
            baseline: {data: t.csv}
            endpoints: {churn: {}, churn-beta: {}}
            """)
        #expect(project.name?.rawValue == "churn")
        #expect(project.project.rawValue == "growth")
        #expect(project.task == .binaryClassification)
        #expect(project.columns?.map(\.name) == ["age", "mean radius"])
        #expect(project.columns?.first?.range == 0...120)
        #expect(project.examples?.origin == .recordedBySlipway)
        #expect(project.tolerance == Tolerance(absolute: 1e-5, relative: 0, sameDecision: false))
        #expect(project.replayAtStart == .atMost(10))
        #expect(project.endpoints.map(\.rawValue) == ["churn", "churn-beta"])
    }

    /// What `init` writes and `config show` prints means the same again.
    @Test func theYAMLSaysWhatItMeans() throws {
        var project = try read(
            """
            model: {name: a, signature: {columns: {"no": {}, 'x: y': {range: [1, 2]}}}}
            proof: {examples: {data: e.csv, outputs: [a b, "yes"]}}
            """)
        project.endpoints = [try EndpointName("a")]
        project.source = "my model.onnx"
        #expect(try read(project.yaml()) == project)
    }

    @Test func settingsOfEndpointsAreRead() throws {
        let project = try read(
            """
            endpoints:
              churn:
                limits: {deadline: 100ms, queue: 200, concurrency: auto, wait: 50ms, rate_per_client: 100/s}
                slo: {p99: 20ms}
                run_on: lane
                batching: off
                batch_delay: 2ms
                cache: 64MiB
                load: lazy
                device: cuda
              other: {}
            """)
        #expect(
            project.endpointSettings == [
                try EndpointName("churn"): [
                    .deadline: "100ms", .queue: "200", .concurrency: "auto", .wait: "50ms", .ratePerClient: "100/s",
                    .runOn: "lane", .p99: "20ms", .batching: "off", .batchDelay: "2ms", .cache: "64MiB", .load: "lazy",
                    .device: "cuda",
                ]
            ])
        #expect(try read(project.yaml()) == project)
        let wrong = try refusal("endpoints:\n  churn:\n    limits: {deadline: soon}")
        #expect(wrong.code == .wrongValue)
        #expect(wrong.message.hasPrefix("slipway.yaml:3: “endpoints.churn.limits.deadline” takes a length of time"))
        #expect(try refusal("endpoints: {churn: {limits: {dedline: 1s}}}").hint == "Did you mean “deadline”?")
        #expect(try refusal("endpoints: {churn: {run_on: [lane]}}").code == .wrongValue)
        #expect(try refusal("endpoints: {churn: {p99: 20ms}}").code == .unknownKey)
        #expect(try refusal("endpoints: {churn: {slo: {p99: soon}}}").code == .wrongValue)
        #expect(try refusal("endpoints: {churn: {device: tpu}}").code == .wrongValue)
        #expect(try refusal("endpoints: {churn: {limits: {queue: 1.5}}}").code == .wrongValue)
    }

    @Test func oneColumnSaysWhomARowIsAbout() throws {
        let project = try read("fields: {a: {role: subject_key, log: drop}, b: {log: keep}}")
        #expect(project.subject == "a" && project.fields == ["a": .drop, "b": .keep])
        for yaml in [
            "fields: {a: {role: owner}}", "fields: {a: {role: subject_key}, b: {role: subject_key}}",
        ] {
            #expect(try refusal(yaml).code == .wrongValue, "\(yaml)")
        }
    }

    @Test func anUnknownKeyNamesTheNearest() throws {
        let explanation = try refusal("model:\n  nam: x")
        #expect(explanation.code == .unknownKey)
        #expect(explanation.message == "slipway.yaml:2: there is no key “model.nam”.")
        #expect(explanation.hint == "Did you mean “name”?")
    }

    @Test(arguments: [
        "slices: {}", "model: {output: {}}", "endpoints: {a: {slo: {availability: 99.9%}}}",
        "model: {environment: x}",
    ])
    func aPlannedKeyIsRefusedAsSuch(yaml: String) throws {
        let explanation = try refusal(yaml)
        #expect(explanation.code == .plannedKey)
        #expect(explanation.message.contains("planned"))
    }

    @Test(arguments: [
        "model: {name: 3}", "model: [1]", "proof: {tolerance: {absolute: tight}}", "proof: {tolerance: {absolute: -1}}",
        "proof: {replay_at_start: 0}", "proof: {examples: {}}", "model: {engine: gpu}", "model: {task: guessing}",
        "schema: slipway/2", "model: {signature: {columns: {a: {type: float99}}}}",
        "model: {signature: {columns: {a: {range: [2, 1]}}}}", "proof: {tolerance: {same_decision: NO}}",
    ])
    func aWrongValueSaysWhatTheKeyTakes(yaml: String) throws {
        let explanation = try refusal(yaml)
        #expect(explanation.code == .wrongValue)
        #expect(explanation.message.contains("takes"))
    }

    @Test(arguments: ["model: {", "a: b: c", "\tmodel: x", "model: {name: a}\nmodel: {name: b}", "- *nobody"])
    func brokenYAMLIsExplainedWithItsPlace(yaml: String) throws {
        #expect(try refusal(yaml).code == .yamlSyntax)
    }

    /// YAML 1.1 would make a boolean of these.
    @Test func coreRulesHold() throws {
        #expect(try read("model: {name: NO}").name?.rawValue == "NO")
        #expect(try read("proof: {tolerance: {absolute: 1e-5}}").tolerance.absolute == 1e-5)
    }

    /// A few lines of anchors that would mean millions of values.
    @Test func anchorsCannotGrowWithoutBound() throws {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for level in 1...9 {
            let names = [String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            lines.append("a\(level): &a\(level) [\(names)]")
        }
        #expect(try refusal(lines.joined(separator: "\n")).code == .yamlSyntax)
    }

    @Test func initFindsModelExamplesAndTrainingData() throws {
        let folder = MemoryFolder(
            ["model.onnx": "", "examples.csv": "", "train.csv": "", "notes.txt": ""], name: "churn")
        let project = try ProjectFile.guess(in: folder, name: nil)
        #expect(project.name?.rawValue == "churn")
        #expect(project.source == "model.onnx")
        #expect(project.examples?.data == "examples.csv")
        #expect(project.baseline == "train.csv")
    }

    @Test func initOverwritesNothing() throws {
        let failure = #expect(throws: Refusal.self) {
            try ProjectFile.guess(in: MemoryFolder(["slipway.yaml": "", "m.onnx": ""]), name: nil)
        }
        #expect(failure?.explanation.code == .projectExists)
    }
}
