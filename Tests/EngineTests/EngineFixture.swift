import Dispatch
import Documents
import Glibc
import Jobs
import Logging
import Models
import OrderedCollections
import Redaction
import Spool
import TestKit
import Threads
import Tools
import Workflow

@testable import Engine

/// A spool in a temporary directory, with a clock, tools and an observer that the test controls.
final class EngineFixture: Sendable {
    let path: String
    let spool: SpoolRoot
    let fileSystem = FailingFileSystem()
    let clock = ManualClock()
    let observer = MemoryObserver()
    let log = CallLog()
    let messages = MessageLog()
    private let requests = Watched<UInt64>(0)
    let random: SharedRandom
    private static let threads = WorkerThreads(count: 8)

    var threads: WorkerThreads { Self.threads }

    private init(path: String, seed: UInt64) throws {
        self.path = path
        random = SharedRandom(seed: seed)
        try SpoolRoot.create(path: path, queues: ["default"], fileSystem: LinuxFileSystem())
        spool = try SpoolRoot(path: path, fileSystem: fileSystem)
    }

    static func with(seed: UInt64 = 1, _ body: (EngineFixture) async throws -> Void) async throws {
        try await withTemporaryDirectory { path in try await body(EngineFixture(path: path, seed: seed)) }
    }

    // MARK: Configuration

    func tool(
        _ name: String,
        effect: Effect = .read,
        _ body: @escaping @Sendable (ToolInvocation) async throws -> JSON
    ) -> FakeTool {
        FakeTool(name: name, effect: effect, log: log, body: body)
    }

    /// A workflow of the steps in `yaml`, which may use `tools`.
    func workflow(_ yaml: String, _ tools: [FakeTool], name: String = "work") throws -> Catalog.Entry {
        let reader = try MemberReader(Document(Array(yaml.utf8), format: .yaml, name: name))
        let names = WorkflowDefinition.Names(models: ["default"], tools: Set(tools.map(\.name)))
        let workflow = try WorkflowDefinition(reader, name: name, names: names)
        return Catalog.Entry(workflow: workflow, definition: ["workflow": workflow.source])
    }

    /// One step, which calls the first of `tools` with the drop's name and queue.
    static let oneStep = """
        retry: {attempts: 5, initial: 4s, factor: 2, max: 1h}
        steps:
          - {id: call, tool: call, arguments: {name: "{{job.name}}", queue: "{{job.queue}}"}}
        """

    // MARK: Engines

    struct Setup: Sendable {
        var node = "here"
        var yaml = EngineFixture.oneStep
        var tools: [FakeTool]
        var model: any ChatModel = EchoModel()
        var policies: [String: ToolPolicy] = [:]
        var queues = [QueueSettings(name: "default", workflow: "work")]
        var settings = EngineSettings()
        var durability = Durability.Mode.off
        var redactor = Redactor()
        /// Nil for the bench's own.
        var observer: (any JobObserver)?
    }

    func node(_ name: String, _ durability: Durability.Mode = .off) throws -> SpoolNode {
        let root = try SpoolRoot(path: path, fileSystem: fileSystem)
        return SpoolNode(
            spool: root,
            node: name,
            durability: Durability(fileSystem: fileSystem, root: root.root, threads: threads, mode: durability),
            threads: threads,
            clock: clock.wallClock,
            identifiers: JobIDGenerator(clock: clock.wallClock, random: random.next)
        )
    }

    func engine(_ setup: Setup) async throws -> RunningEngine {
        let workflow = try workflow(setup.yaml, setup.tools)
        let queues = OrderedDictionary(uniqueKeysWithValues: setup.queues.map { ($0.name, $0) })
        let node = try node(setup.node, setup.durability)
        try await node.prepare(queues: setup.queues.map(\.name))
        let wakeUps = JobEngine.makeWakeUps()
        let watch = try await makeWatch { wakeUps.continuation.yield() }
        let engine = JobEngine(
            node: node,
            lock: try await takeLock(of: setup.node),
            watch: watch,
            catalog: Catalog(queues: queues, workflows: ["work": workflow], redactor: setup.redactor),
            settings: setup.settings,
            observers: [setup.observer ?? observer],
            provider: FakeProvider(
                tools: Dictionary(uniqueKeysWithValues: setup.tools.map { ($0.name, $0) }),
                model: setup.model,
                policies: setup.policies
            ),
            isTaken: { [observer] id in observer.rows.value.jobs[id.text] != nil },
            environment: RunEnvironment(
                wallClock: clock.wallClock,
                clock: clock,
                jitter: { 1 },
                shortWaitMax: setup.settings.shortWaitMax,
                deathsMax: setup.settings.deathsMax
            ),
            hooks: CommandHooks(directory: path, environment: [:], clock: clock),
            logger: Logger(label: "test") { [messages] _ in messages },
            wakeUps: wakeUps
        )
        return RunningEngine(engine, watch)
    }

    /// Makes a watch once the kernel has an instance left: it gives a user 128, and more tests than that run
    /// concurrently.
    private func makeWatch(_ onChange: @escaping @Sendable () -> Void) async throws -> InboxWatch {
        for _ in 0..<1_000 {
            do { return try InboxWatch(onChange: onChange) } catch {
                guard error.isTransient else { throw error }
                try await Task.sleep(for: .milliseconds(10))
            }
        }
        return try InboxWatch(onChange: onChange)
    }

    /// Takes a node's lock; waits while a thread of an ended engine still holds it.
    func takeLock(of node: String) async throws -> NodeLock {
        for _ in 0..<100_000 {
            do { return try NodeLock(of: node, in: spool, now: clock.wallClock.now) } catch is NodeLock.Held {
                await Task.yield()
            }
        }
        return try NodeLock(of: node, in: spool, now: clock.wallClock.now)
    }

    /// Runs an engine while `body` does, then stops it and waits for its end.
    func run(_ setup: Setup, _ body: (RunningEngine) async throws -> Void) async throws {
        let running = try await engine(setup)
        do { try await body(running) } catch {
            await running.engine.stop()
            try? await running.end()
            throw error
        }
        await running.engine.stop()
        try await running.end()
    }

    // MARK: The spool

    /// Drops a file as a careful writer does: writes it elsewhere, then renames it.
    func drop(_ name: String, _ text: String = "text", in queue: String = "default") throws {
        try stage(name, text, in: "inbox/\(queue)")
    }

    func stage(_ name: String, _ text: String, in directory: String) throws {
        try write(text, to: "\(path)/tmp/\(name)")
        guard rename("\(path)/tmp/\(name)", "\(path)/\(directory)/\(name)") == 0 else { throw POSIXFault() }
    }

    struct POSIXFault: Error {}

    func ids(_ names: String...) -> [JobID] {
        names.compactMap { observer.rows.value[$0]?.job }.compactMap { JobID($0) }
    }

    func request(
        _ action: ControlRequest.Action,
        _ jobs: [JobID],
        _ complete: (inout ControlRequest) throws -> Void = { _ in }
    ) throws {
        // The engine carries requests out in the order of their names, also those of one millisecond.
        let number = requests.update { number in
            number += 1
            return number
        }
        let id = JobID(time: clock.wallClock.now, high: 0, low: number)
        let root = try SpoolRoot(path: path, fileSystem: LinuxFileSystem())
        var request = ControlRequest(action, jobs: jobs, reason: nil)
        try complete(&request)
        _ = try request.submit(to: root, id: id)
    }

    /// Everything in a directory of the spool: jobs of all days.
    func entries(_ directory: String) -> [String] { names(in: "\(path)/\(directory)") }

    func problems() throws -> [String] { try SpoolAudit(spool: spool).allProblems().problems.map(\.text) }

    /// The types of the records in the history of the job that was dropped as `name`.
    func history(of name: String) throws -> [String] {
        // The job may move between the search for it and the read of its history.
        while let location = try spool.findJobs(where: { $0.drop == name }).first {
            if let history = try spool.history(of: location) { return history.records.map(\.event.type) }
        }
        return []
    }

    /// Where the job that was dropped as `name` lies.
    func place(of name: String) throws -> String? { try spool.findJobs { $0.drop == name }.first?.directory }
}

/// An engine that runs in a task of its own.
struct RunningEngine: Sendable {
    let engine: JobEngine
    let isReady = Watched(false)
    private let watch: InboxWatch
    private let task: Task<Void, any Error>

    init(_ engine: JobEngine, _ watch: InboxWatch) {
        self.engine = engine
        self.watch = watch
        DispatchQueue(label: "test.watch").async { watch.run() }
        task = Task { [isReady] in try await engine.run { isReady.update { $0 = true } } }
    }

    /// Waits until `run()` returns.
    func end() async throws {
        defer { watch.stop() }
        try await task.value
    }

    func cancel() { task.cancel() }

    func whenReady() async { await isReady.wait { $0 } }
}
