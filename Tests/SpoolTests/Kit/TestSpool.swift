import Documents
import Foundation
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Threads

@testable import Spool

/// A spool in a temporary directory, on a disk that can be broken and a clock that can be turned.
final class TestSpool: Sendable {
    static let prefix = "spool-tests-"
    static let queue = "default"

    static let threads = WorkerThreads(count: 8)

    let path: String
    let fileSystem = FaultyFileSystem()
    let clock = ManualWallClock()
    let identifiers: JobIDGenerator

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/\(Self.prefix)\(UUID().uuidString)"
        let seed = Mutex<UInt64>(0)
        identifiers = JobIDGenerator(clock: clock.wallClock) {
            seed.withLock { seed in
                seed += 1
                return seed &* 0x9E37_79B9_7F4A_7C15
            }
        }
        try SpoolRoot.create(path: path, queues: [Self.queue], fileSystem: LinuxFileSystem())
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func root() throws -> SpoolRoot { try SpoolRoot(path: path, fileSystem: fileSystem) }

    /// A new run of a node, prepared.
    func node(_ name: String = "a", openJobsMax: Int = SpoolNode.openJobsMax) async throws -> SpoolNode {
        let root = try root()
        let node = SpoolNode(
            spool: root,
            node: name,
            durability: Durability(
                fileSystem: fileSystem,
                root: root.root,
                threads: Self.threads,
                mode: .automatic
            ),
            threads: Self.threads,
            clock: clock.wallClock,
            identifiers: identifiers,
            openJobsMax: openJobsMax
        )
        try await node.prepare(queues: [Self.queue])
        return node
    }

    /// Makes renames into and out of the inbox fail, as on another filesystem.
    func separateInbox() {
        fileSystem.before { call throws(Errno) in
            guard call.hasPrefix("rename ") else { return }
            let isFromInbox = call.hasPrefix("rename inbox/")
            let isToInbox = call.contains("-> inbox/")
            if isFromInbox != isToInbox { throw .improperLink }
        }
    }

    // MARK: Files

    func absolute(_ name: String) -> String { "\(path)/\(name)" }

    func inbox(_ name: String) -> String { absolute("inbox/\(Self.queue)/\(name)") }

    @discardableResult
    func drop(_ name: String, _ text: String = "hello") throws -> Drop {
        try Data(text.utf8).write(to: URL(fileURLWithPath: inbox(name)))
        return Drop(queue: Self.queue, name: Array(name.utf8))
    }

    /// Makes a file of any name in the inbox, open for writing.
    func create(_ name: [UInt8]) throws -> Int32 {
        let path = (Array(inbox("").utf8) + name + [0]).map { CChar(bitPattern: $0) }
        let file = open(path, O_CREAT | O_WRONLY, 0o644)
        if file < 0 { throw Errno(rawValue: errno) }
        return file
    }

    /// Everything below `directory` by its path, sorted; directories too.
    func tree(_ directory: String) -> [String] {
        (FileManager.default.subpaths(atPath: absolute(directory)) ?? []).sorted()
    }

    func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: absolute(name)).map { String(decoding: $0, as: UTF8.self) }
    }

    func exists(_ name: String) -> Bool { text(name) != nil || !tree(name).isEmpty }

    /// Descriptors of this process that lead into this spool.
    func openDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { descriptor in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
            return target?.hasPrefix(path) ?? false
        }
    }

    /// As ``openDescriptors()``, after a wait for the disk threads to release what they worked on last.
    func openDescriptors(settledAt count: Int) async throws -> Int {
        for _ in 0..<10_000 where try openDescriptors() != count { await Task.yield() }
        return try openDescriptors()
    }

    /// What the audit finds, as text.
    func problems() throws -> [String] { try SpoolAudit(spool: root()).allProblems().problems.map(\.text) }
}

extension DropRules {
    /// Takes everything; a document may bring an `idempotency_key`, and the text `bad` is rejected.
    static func lenient(
        sizeMax: Int = 1 << 20,
        isTaken: @escaping @Sendable (JobID) -> Bool = { _ in false }
    ) -> DropRules {
        DropRules(sizeMax: sizeMax, quiet: StabilityTimes(untold: .seconds(5)), isTaken: isTaken) {
            contents throws(Rejection) in
            if contents.bytes == Array("bad".utf8) { throw Rejection("it is bad\nvery bad") }
            var acceptance = Acceptance(
                name: contents.name,
                file: "job\(contents.job.ending)",
                kind: contents.kind,
                size: contents.size,
                sha256: contents.sha256,
                ownerUID: contents.ownerUID,
                owner: UserNames.name(of: contents.ownerUID),
                queue: contents.queue,
                workflow: "w",
                definition: [:]
            )
            let document = try? JSONParser.parse(contents.bytes)
            acceptance.idempotencyKey = document?["idempotency_key"]?.string
            acceptance.inputSHA256 = document?["asks"]?.sha256
            return acceptance
        }
    }
}

extension SpoolNode {
    func accept(_ drop: Drop, look: FileSnapshot? = nil) async throws -> AcceptOutcome {
        try await accept(drop, .lenient(), look: look)
    }

    /// Accepts a drop; any other outcome is an error.
    func accepted(_ drop: Drop, _ rules: DropRules = .lenient()) async throws -> (OwnedJob, HistoryRecord) {
        let outcome = try await accept(drop, rules, look: nil)
        guard case .accepted(let job, let record) = outcome else { throw Unexpected("\(outcome)") }
        return (job, record)
    }

    func rejected(_ drop: Drop, _ rules: DropRules = .lenient()) async throws -> JobSummary {
        let outcome = try await accept(drop, rules, look: nil)
        guard case .rejected(let row, _) = outcome else { throw Unexpected("\(outcome)") }
        return row
    }
}

extension SpoolNode.Claim {
    func owned() throws -> (job: OwnedJob, records: [HistoryRecord]) {
        guard case .owned(let job, let records) = self else { throw Unexpected("\(self)") }
        return (job, records)
    }

    var isGone: Bool { if case .gone = self { true } else { false } }
    var isReturned: Bool { if case .returned = self { true } else { false } }
    var isSettled: Bool { if case .settled = self { true } else { false } }
    var isUnreadable: Bool { if case .unreadable = self { true } else { false } }
}

/// An outcome that a test does not expect.
struct Unexpected: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
