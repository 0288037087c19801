import Documents
import Jobs
import Spool
import SystemPackage
import TestKit

@testable import Client

/// A spool without a daemon, on which jobs are put by hand.
struct ClientSpool {
    /// Removed with all in it when the test lets go of it.
    private let directory: TemporaryDirectory
    let client: SpoolClient
    /// Turned by the pauses of what waits on it: such waits take no time.
    let clock = SkippingClock()

    var spool: SpoolRoot { client.spool }
    var path: String { spool.path }

    /// - Parameter queue: The only one that is configured; the inbox is that of `default`.
    init(queue: String = "default") throws {
        directory = try TemporaryDirectory()
        let path = directory.path.appending("spool").string
        let fileSystem = LinuxFileSystem()
        try SpoolRoot.create(path: path, queues: ["default"], fileSystem: fileSystem)
        let models = "models: {default: {provider: scripted, script: s.yaml}}"
        try write("\(models)\nqueues: {\(queue): {workflow: prompt}}\n", to: "\(path)/agentspool.yaml")
        client = SpoolClient(
            spool: try SpoolRoot(path: path, fileSystem: fileSystem),
            configurationPath: "\(path)/agentspool.yaml",
            wallClock: .system,
            clock: clock,
            random: { UInt64.random(in: .min ... .max) }
        )
    }

    /// The id of the job of that number.
    static func id(_ number: UInt64) -> JobID {
        JobID(time: Timestamp(milliseconds: 1_795_485_600_000), high: 0, low: number)
    }

    /// Puts a job that was accepted, and what happened to it then, where its history says that it is.
    @discardableResult
    func put(_ number: UInt64, _ drop: String = "ticket.json", _ events: JobEvent...) throws -> JobReplay {
        var replay = JobReplay(name: JobName(id: Self.id(number), dropName: Array(drop.utf8)))
        var chain = HistoryChain()
        var bytes: [UInt8] = []
        for (second, event) in ([.accepted(Self.acceptance(drop))] + events).enumerated() {
            let at = Timestamp(milliseconds: 1_795_485_600_000) + .seconds(second)
            let record = replay.life.record(event, at: at)
            bytes += chain.seal(record)
            replay.apply(record)
        }
        let place = SpoolLayout.location(of: replay.name, in: replay.life.place, node: "gone")
        let fileSystem = spool.fileSystem
        try fileSystem.ensureDirectory(place.directory, in: spool.root, mode: 0o700)
        let path = "\(place.directory)/\(place.name)"
        try fileSystem.ensureDirectory(path, in: spool.root, mode: 0o700)
        let job = try spool.directory(path)
        try fileSystem.writeAll(bytes, to: fileSystem.open(SpoolLayout.history, in: job, .create))
        return replay
    }

    private static func acceptance(_ drop: String) -> Acceptance {
        Acceptance(
            name: drop,
            file: drop,
            kind: .document,
            size: 20,
            sha256: "00",
            ownerUID: 1_000,
            owner: "alice",
            queue: "default",
            workflow: "prompt",
            definition: [:]
        )
    }

    /// Makes the index from the files.
    func makeIndex() async throws { _ = try await IndexRemaking(client).run { _ in } }

    /// Runs a use case that must fail, and returns its error.
    func failure(_ body: () async throws -> Void) async -> ClientError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? ClientError
        }
    }
}
