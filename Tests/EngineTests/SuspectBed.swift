import Documents
import Glibc
import Jobs
import Models
import OrderedCollections
import Spool
import TestKit
import Testing
import Workflow

@testable import Engine

/// A model that answers when its gate is open, or rests.
struct RestingModel: ChatModel {
    let name = "default"
    let rests: Watched<Bool>
    let calls: Watched<Int>
    let gate: Gate

    func withPermit<Value: Sendable>(
        _ body: @Sendable (any ChatModel) async throws -> Value
    ) async throws -> Value {
        if rests.value { throw ModelPause(for: .seconds(3_600), "it rests") }
        return try await body(self)
    }

    func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        calls.update { $0 += 1 }
        try await gate.pass()
        return try await EchoModel().complete(request)
    }
}

/// Blocks every caller until the test opens it, or lets one caller through.
final class Turnstile: Sendable {
    private struct State: Sendable {
        var isOpen = false
        var permits = 0
        var count = 0
        var cancelled: Set<Int> = []
    }

    private let state = Watched(State())

    func open() { state.update { $0.isOpen = true } }

    func letOne() { state.update { $0.permits += 1 } }

    /// - Throws: `CancellationError`.
    func pass() async throws {
        let number = state.update { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await state.wait { $0.isOpen || $0.permits > 0 || $0.cancelled.contains(number) }
        } onCancel: {
            state.update { _ = $0.cancelled.insert(number) }
        }
        try Task.checkCancellation()
        state.update { if !$0.isOpen { $0.permits -= 1 } }
    }
}

/// A spool on which a daemon runs and dies again and again, with one tool that waits at the gate.
struct Bed: Sendable {
    static let loop = """
        steps:
          - id: each
            for_each: input.items
            concurrency: 4
            steps: [{id: call, tool: call, arguments: {name: "{{job.name}}", queue: "{{job.queue}}"}}]
        """
    static let asking = """
        steps:
          - {id: ask, when: input.ask, prompt: x}
          - {id: call, tool: call, arguments: {name: "{{job.name}}", queue: "{{job.queue}}"}}
        """

    let bench: EngineFixture
    let gate = Turnstile()
    var setup: EngineFixture.Setup

    init(_ bench: EngineFixture, yaml: String = EngineFixture.oneStep, node: String = "here") {
        self.bench = bench
        let tool = bench.tool("call", effect: .idempotent) { [gate] _ in
            try await gate.pass()
            return 1
        }
        setup = EngineFixture.Setup(node: node, yaml: yaml, tools: [tool])
    }

    /// Runs the daemon until `count` more calls have begun and `body` is done, then ends it as `end` says.
    func live(_ count: Int, _ end: SuspectTests.End, _ body: () async throws -> Void = {}) async throws {
        let before = bench.log.begun.count
        let running = try await bench.engine(setup)
        try await body()
        await bench.log.whenBegun(before + count)
        running.cancel()
        try await running.end()
        try pretend(end)
    }

    /// Changes the node's file, as if the run had not ended by a stop.
    private func pretend(_ end: SuspectTests.End) throws {
        let path = "\(bench.path)/nodes/\(setup.node)"
        var members = try #require(try JSONParser.parse(bytes(at: path)).object)
        if end != .stop { members["stopping"] = nil }
        if end == .reboot { members["boot_id"] = "another" }
        if end == .earlierVersion { members["activity"] = nil }
        try write(JSON.object(members).text, to: path)
    }

    private func bytes(at path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        return Array(buffer[..<fread(&buffer, 1, buffer.count, file)])
    }

    /// Waits until the daemon has run long enough for suspected steps to begin.
    func endQuiet() async throws {
        await bench.clock.whenSleeping(for: setup.settings.quietMin)
        bench.clock.advance(by: setup.settings.quietMin)
    }

    /// Whether a step of the job ran alone, for each time that one began.
    func areAlone(_ name: String) throws -> [Bool] {
        let location = try #require(try bench.spool.findJobs { $0.drop == name }.first)
        return try #require(try bench.spool.history(of: location)).records.compactMap { record in
            if case .stepStarted(let start) = record.event { start.isAlone } else { nil }
        }
    }
}
