import Documents
import Foundation
import Jobs
import OrderedCollections
import Spool
import Testing

/// The model that the environment names.
private enum RealModel {
    static let url = ProcessInfo.processInfo.environment["AGENTSPOOL_TEST_MODEL_URL"]
    static let name = ProcessInfo.processInfo.environment["AGENTSPOOL_TEST_MODEL"] ?? "default"
}

/// Tests against a real model: `make test-model` starts one and passes its URL.
@Suite(
    "With a real model",
    .enabled(if: RealModel.url != nil, "no model: AGENTSPOOL_TEST_MODEL_URL is not set; see make test-model"),
    .serialized
)
struct RealModelTests {
    /// Small models call tools when they have seen how: two examples in the system prompt.
    private static let configuration = """
        models:
          default:
            provider: openai
            base_url: \(RealModel.url ?? "http://127.0.0.1:1/v1")
            model: \(RealModel.name)
            timeout: 120s
            parameters: {temperature: 0, max_tokens: 64}
            price: {input: 1, output: 2}
        tools:
          find_order:
            description: Looks an order up by its number.
            command: [tools/find-order]
            parameters: {type: object, properties: {order: {type: string}}, required: [order]}
            effect: read
        workflows:
          agent:
            steps:
              - id: handle
                agent:
                  system: |
                    You find orders with the tool find_order. Example: for "Where is order 1?" you answer
                    <tool_call>{"name": "find_order", "arguments": {"order": "1"}}</tool_call>
                    Example: for "Where is order 22?" you answer
                    <tool_call>{"name": "find_order", "arguments": {"order": "22"}}</tool_call>
                    After a result you answer with one sentence.
                  prompt: "{{input.text}}"
                  tools: [find_order]
                  max_turns: 8
          classify:
            steps:
              - id: sort
                prompt: "Is this urgent? Answer in JSON. {{input.text}}"
                output: {type: object, properties: {urgent: {type: boolean}}, required: [urgent], additionalProperties: false}
        queues: {default: {workflow: prompt, concurrency: 2}}

        """

    private func spool() throws -> TestSpool {
        try TestSpool(
            configuration: Self.configuration,
            files: ["tools/find-order": "#!/bin/sh\ncat > /dev/null\necho '{\"status\": \"shipped\"}'\n"]
        )
    }

    @Test("A text file gets an answer of the real model, with tokens and price")
    func textFile() async throws {
        let spool = try spool()
        try await spool.startDaemon()
        try spool.drop("Write a haiku about rename(2)", as: "haiku.txt")
        try await spool.untilSettled(1)
        let replay = try #require(try spool.jobs().first?.replay)
        #expect(replay.outcome == .completed)
        #expect(replay.output?.string?.isEmpty == false)
        #expect(replay.usage.inputTokens > 0 && replay.usage.outputTokens > 0 && replay.usage.costUSD > 0)
    }

    @Test("An answer of the real model fits its schema")
    func schema() async throws {
        let spool = try spool()
        try await spool.startDaemon()
        try spool.drop(#"{"workflow": "classify", "input": {"text": "The house is on fire!"}}"#, as: "fire.json")
        try await spool.untilSettled(1)
        let replay = try #require(try spool.jobs().first?.replay)
        #expect(replay.outcome == .completed, "\(String(describing: replay.lastTurn))")
        #expect(replay.output?["urgent"]?.bool != nil)
    }

    @Test("With the real model an agent's turns and tool calls are steps of their own")
    func agent() async throws {
        let spool = try spool()
        try await spool.startDaemon()
        try spool.drop(#"{"workflow": "agent", "input": {"text": "Where is order 4711?"}}"#, as: "where.json")
        try await spool.untilSettled(1)
        let replay = try #require(try spool.jobs().first?.replay)
        // A small model may never stop calling; what it did is recorded either way.
        #expect(replay.outcome == .completed || replay.currentStep == "handle")
        #expect(replay.steps["handle/1/model"]?.status == .completed)
        #expect(replay.steps["handle/1/tool/0"]?.tool == "find_order")
    }

    @Test("With the real model a batch of 20 lines gives 20 lines in the same format")
    func batch() async throws {
        let spool = try spool()
        try await spool.startDaemon()
        let lines = (0..<20).map { index in
            """
            {"custom_id": "line-\(index)", "method": "POST", "url": "/v1/chat/completions", "body": \
            {"messages": [{"role": "user", "content": "Say a word"}], "max_tokens": 8}}
            """
        }
        try spool.drop(lines.joined(separator: "\n") + "\n", as: "words.jsonl")
        try await spool.untilSettled(1)
        let job = try #require(try spool.jobs().first)
        #expect(job.replay.output?["request_counts"]?["completed"] == 20)
        let output = spool.read("\(job.location.path)/output.jsonl").split(separator: "\n")
        let answers = try output.map { try JSONParser.parse(String($0)) }
        #expect(answers.compactMap { $0["custom_id"]?.string } == (0..<20).map { "line-\($0)" })
        #expect(answers.allSatisfy { $0["response"]?["body"]?["choices"]?.array?.count == 1 })
    }

    // MARK: The examples

    private static let model = """
        {provider: openai, base_url: "\(RealModel.url ?? "")", model: "\(RealModel.name)", timeout: 120s, \
        parameters: {temperature: 0, max_tokens: 64}}
        """

    @Test("With the real model the support agent asks before it opens a ticket, and answers")
    func supportExample() async throws {
        let spool = try Example.spool("support", model: Self.model)
        try await Example.support(spool)
        let replay = try #require(try spool.jobs().first?.replay)
        #expect(replay.output?["ticket"] == "T-1" && replay.output?["answer"]?.string?.isEmpty == false)
        #expect(replay.steps["find/1/tool/0"]?.tool == "find_order")
    }

    @Test("With the real model the documents of a folder are summarised one by one")
    func summariesExample() async throws {
        let output = try await Example.summaries(try Example.spool("summaries", model: Self.model))
        #expect(output["summaries"]?.array?.count == 3 && output["digest"]?.string?.isEmpty == false)
    }

    @Test("A real model calls a tool of an MCP server", .enabled(if: MCPExample.isPossible, "run scripts/mcp-peers.sh"))
    func mcpExample() async throws {
        let spool = try MCPExample.spool(model: Self.model)
        try spool.drop(try Example.file("mcp/drops/time.txt"), as: "time.txt")
        #expect(try MCPExample.run(spool).status == 0)
        let replay = try #require(try spool.jobs().first?.replay)
        #expect(replay.steps["ask/1/tool/0"]?.tool == "time.get_current_time")
        #expect(replay.outcome == .completed || replay.currentStep == "ask")
    }
}
