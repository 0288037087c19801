import Documents
import JSONSchema
import Jobs
import Models
import OrderedCollections
import Synchronization
import Tools
import Workflow

/// A file in memory.
struct MemoryBytes: ByteSource {
    var bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    func read(at offset: Int, count: Int) -> [UInt8] { Array(bytes.dropFirst(offset).prefix(count)) }
}

/// A model that answers what a test tells it to, and remembers what it was asked.
final class FakeModel: ChatModel {
    typealias Answering = @Sendable (_ request: ChatRequest, _ step: String) async throws -> ChatAnswer

    let name: String
    private let script: Answering
    private let asked = Mutex<[ChatRequest]>([])

    init(_ name: String = "default", _ script: @escaping Answering) {
        self.name = name
        self.script = script
    }

    /// Gives these answers one after another, and fails the test's run when there are no more.
    convenience init(_ name: String = "default", answers: [ChatAnswer]) {
        let rest = Mutex(answers[...])
        self.init(name) { _, _ in
            guard let answer = rest.withLock({ $0.popFirst() }) else {
                throw Failure(.permanent, "the test has no more answers")
            }
            return answer
        }
    }

    var requests: [ChatRequest] { asked.withLock { $0 } }

    func complete(_ request: ChatRequest) async throws -> ChatAnswer {
        asked.withLock { $0.append(request) }
        return try await script(request, stepPath(of: request.idempotencyKey))
    }
}

/// The step's path in an idempotency key.
func stepPath(of key: String) -> String { key.split(separator: "/", maxSplits: 1).last.map(String.init) ?? "" }

extension ChatAnswer {
    /// An answer in words.
    static func text(_ text: String) -> ChatAnswer {
        ChatAnswer(text: text, usage: oneCall, model: "fake-1", body: ["id": "chat-1", "text": .string(text)])
    }

    /// An answer that asks for tools: names and arguments.
    static func calls(_ calls: (name: String, arguments: String)...) -> ChatAnswer {
        let calls = calls.enumerated().map { index, call in
            ModelToolCall(id: "call-\(index)", name: call.name, arguments: call.arguments)
        }
        return ChatAnswer(text: "", toolCalls: calls, usage: oneCall, model: "fake-1", body: [:])
    }

    private static var oneCall: Usage {
        var usage = Usage()
        (usage.modelCalls, usage.inputTokens, usage.outputTokens) = (1, 10, 1)
        return usage
    }
}

/// A tool that does what a test tells it to, and remembers its calls.
final class FakeTool: Tool {
    typealias Body = @Sendable (ToolInvocation) async throws -> JSON

    let name: String
    let effect: Effect
    let parameters: JSON
    let summary = "A tool of a test."
    typealias Checking = @Sendable (ToolInvocation) async throws -> ToolCheck?

    private let body: Body
    private let checking: Checking
    private let made = Mutex<[ToolInvocation]>([])
    private let asked = Mutex<[ToolInvocation]>([])

    init(
        _ name: String,
        _ effect: Effect,
        parameters: JSON = ["type": "object"],
        _ body: @escaping Body = { .string("did \($0.step)") },
        check: @escaping Checking = { _ in nil },
        pause: ToolNotReady? = nil
    ) {
        self.pause = pause
        checking = check
        (self.name, self.effect, self.parameters, self.body) = (name, effect, parameters, body)
    }

    /// What ``specification()`` throws, if anything.
    let pause: ToolNotReady?

    func specification() throws -> ToolSpecification {
        if let pause { throw pause }
        return ToolSpecification(summary: summary, parameters: try JSONSchema(parameters), effect: effect)
    }

    var calls: [ToolInvocation] { made.withLock { $0 } }

    var checks: [ToolInvocation] { asked.withLock { $0 } }

    func check(_ invocation: ToolInvocation) async throws -> ToolCheck? {
        asked.withLock { $0.append(invocation) }
        return try await checking(invocation)
    }

    func call(_ invocation: ToolInvocation) async throws -> JSON {
        made.withLock { $0.append(invocation) }
        return try await body(invocation)
    }
}

/// Gives values one after another, and the last one repeatedly.
final class Script<Value: Sendable>: Sendable {
    private let rest: Mutex<[Value]>

    init(_ values: Value...) { rest = Mutex(values) }

    func next() -> Value? { rest.withLock { $0.count > 1 ? $0.removeFirst() : $0.first } }
}

/// A barrier for `size` tasks: each waits until all have arrived.
final class Meeting: Sendable {
    private struct State {
        var waiting: [CheckedContinuation<Void, Never>] = []
        var present = 0
        var presentMost = 0
    }

    private let size: Int
    private let state = Mutex(State())

    init(of size: Int) { self.size = size }

    /// The most tasks that were inside ``attend()`` at the same time.
    var presentMost: Int { state.withLock { $0.presentMost } }

    func attend() async {
        await withCheckedContinuation { continuation in
            let complete = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                state.present += 1
                state.presentMost = max(state.presentMost, state.present)
                state.waiting.append(continuation)
                guard state.waiting.count == size else { return [] }
                defer { state.waiting = [] }
                return state.waiting
            }
            for waiting in complete { waiting.resume() }
        }
        state.withLock { $0.present -= 1 }
    }
}

/// A gate that stays open once it was opened.
final class Door: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}
