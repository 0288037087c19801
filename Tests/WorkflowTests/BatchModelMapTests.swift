import Documents
import Jobs
import Models
import OrderedCollections
import TestKit
import Testing

@testable import Workflow

@Suite struct LineModelsTests {
    private static let configured: OrderedDictionary<String, String?> = [
        "default": "gpt-4o", "small": "gpt-4o-mini", "claude": "claude-haiku-4-5", "script": nil,
    ]

    @Test(
        arguments: [
            ("none is named", nil, [:], "small"), ("nothing is named", "", [:], "small"),
            ("default", "default", [:], "small"),
            ("a configured name", "claude", [:], "claude"),
            ("the name that the provider knows", "gpt-4o", [:], "default"),
            ("that of the step's own model", "gpt-4o-mini", [:], "small"),
            ("a name that is mapped", "gpt-3.5-turbo", ["gpt-3.5-turbo": "claude"], "claude"),
            ("one that is mapped and configured", "gpt-4o", ["gpt-4o": "script"], "script"),
            ("any other", "o3", ["*": "default"], "default"),
            ("a configured one beside any other", "claude", ["*": "small"], "claude"),
            ("a dated name", "gpt-4o-mini-2024-07-18", [:], nil), ("an unknown name", "o3", ["gpt-4": "small"], nil),
            ("a name in other letters", "Claude", [:], nil),
            ("a script has no provider's name", "script.yaml", [:], nil),
        ] as [(String, String?, OrderedDictionary<String, String>, String?)]
    )
    func `a line is answered by the model that it names`(
        case: String,
        name: String?,
        map: OrderedDictionary<String, String>,
        expected: String?
    ) {
        let models = BatchModelMap(map: map, configured: Self.configured)
        #expect((try? models.model(for: name, own: "small")) == expected)
    }

    @Test func `a line that names an unknown model fails alone, and says what to do`() async throws {
        var bench = WorkflowFixture(
            FakeModel { _, step in .text(step) },
            FakeModel("big") { _, _ in .text("of the big one") }
        )
        bench.lineModels = BatchModelMap(map: [:], configured: ["default": "gpt-4o", "big": "o3"])
        bench.batch = MemoryBytes(
            ["\"o3\"", "\"gpt-5\"", "\"default\""].enumerated().map { index, model in
                "{\"custom_id\":\"\(index)\",\"body\":{\"model\":\(model),\"messages\":[]}}\n"
            }.joined()
        )
        let recorder = bench.recorder()
        let outcome = try await bench.run("steps: [{id: a, prompt: hello}]", recorder)
        #expect(outcome.output?["request_counts"] == ["total": 3, "completed": 2, "failed": 1])
        #expect(bench.models[1].requests.count == 1)
        let error = try #require(recorder.file("errors.jsonl")?.first)
        #expect(error.contains("\"code\":\"model_mismatch\"") && error.contains("models: {gpt-5: default}"))
    }
}
