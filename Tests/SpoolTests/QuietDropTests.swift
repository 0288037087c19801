import Documents
import Foundation
import Glibc
import Jobs
import Synchronization
import SystemPackage
import TestKit
import Testing

@testable import Spool

/// What a writer does to a drop, and when the drop is taken: each row is one habit and its outcome.
@Suite("When a drop is taken")
struct QuietDropTests {
    private let spool: TestSpool
    private let node: SpoolNode
    private var path: String { spool.inbox("a.txt") }

    init() async throws {
        spool = try TestSpool()
        node = try await spool.node()
    }

    /// What happens to the drop before it is looked at again.
    enum Act: Sendable {
        case nothing, append, rewrite, link, unlinkOther
    }

    struct Habit: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var text = "hello"
        var name = "a.txt"
        var quiet: StabilityTimes
        var witness = InboxWatch.WriterObservation.finished
        /// Nil where the kernel cannot tell.
        var hasNoWriter: Bool? = true
        var isLocal = true
        /// What happens at which second.
        var acts: [(second: Int, act: Act)] = []
        /// What it waits for at first.
        var reason: FileSnapshot.Reason?
        /// The second at which it is taken.
        var taken: Int
        /// The reason for its rejection; nil when it is accepted.
        var rejection: String?
    }

    private static func quiet(
        settle: Int = 0,
        empty: Int = 0,
        link: Int = 0
    ) -> StabilityTimes {
        var times = StabilityTimes(settle: .seconds(settle), untold: .seconds(3))
        (times.empty, times.link) = (.seconds(empty), .seconds(link))
        return times
    }

    static let habits: [Habit] = [
        Habit(testDescription: "A drop without a writer is taken at once", quiet: quiet(), taken: 0),
        Habit(
            testDescription: "A drop is taken after the settle time",
            quiet: quiet(settle: 10),
            reason: .settling,
            taken: 10
        ),
        Habit(
            testDescription: "A drop that a scanner opens again for its second page is taken after that",
            quiet: quiet(settle: 10),
            acts: [(3, .append), (6, .append)],
            reason: .settling,
            taken: 16
        ),
        Habit(
            testDescription: "A drop that a client did not find and sent again is taken after that",
            quiet: quiet(settle: 5),
            acts: [(1, .rewrite), (2, .rewrite)],
            reason: .settling,
            taken: 7
        ),
        Habit(
            testDescription: "An empty drop is taken when its bytes have come",
            text: "",
            quiet: quiet(empty: 5),
            acts: [(1, .append)],
            reason: .empty,
            taken: 1
        ),
        Habit(
            testDescription: "A drop that stays empty is taken empty",
            text: "",
            quiet: quiet(empty: 5),
            reason: .empty,
            taken: 5
        ),
        Habit(
            testDescription: "An empty drop is taken after the longer of both times",
            text: "",
            quiet: quiet(settle: 8, empty: 5),
            reason: .settling,
            taken: 8
        ),
        Habit(
            testDescription: "A drop is taken when the link that delivered it was removed",
            quiet: quiet(link: 5),
            acts: [(0, .link), (2, .unlinkOther)],
            reason: .link,
            taken: 2
        ),
        Habit(
            testDescription: "A drop whose second link stays is rejected",
            quiet: quiet(link: 5),
            acts: [(0, .link)],
            reason: .link,
            taken: 5,
            rejection: "it has 2 hard links; copy the file instead of linking it"
        ),
        Habit(
            testDescription: "A drop that another user was seen to close is taken after a short time",
            quiet: quiet(),
            hasNoWriter: nil,
            reason: .unseen,
            taken: 3
        ),
        Habit(
            testDescription: "A drop whose writer was not seen at all is taken after a longer time",
            quiet: quiet(),
            witness: .unknown,
            hasNoWriter: nil,
            reason: .unseen,
            taken: 10
        ),
        Habit(
            testDescription: "A drop that was seen to be made and not to be closed is taken after a very long time",
            quiet: quiet(),
            witness: .open,
            hasNoWriter: nil,
            reason: .writer,
            taken: 900
        ),
        Habit(
            testDescription: "A drop that may have been linked and not written is taken sooner",
            quiet: quiet(),
            witness: .open,
            hasNoWriter: nil,
            acts: [(0, .link), (0, .unlinkOther)],
            reason: .unseen,
            taken: 10
        ),
        Habit(
            testDescription: "A drop on a network filesystem is taken after two equal looks, whatever a lease says",
            quiet: quiet(),
            hasNoWriter: false,
            isLocal: false,
            reason: .untold,
            taken: 3
        ),
        Habit(
            testDescription: "A drop on a network filesystem is taken after the settle time when that is longer",
            quiet: quiet(settle: 30),
            isLocal: false,
            acts: [(20, .append)],
            reason: .settling,
            taken: 50
        ),
        Habit(
            testDescription: "A drop that was submitted under a temporary name is taken soon",
            name: "01M83PKN3X4W1E2J6V9ZACH0E5-draft.tmp",
            quiet: quiet(),
            reason: .settling,
            taken: 2
        ),
        Habit(
            testDescription: "A drop that was submitted under any other name is taken at once",
            name: "01M83PKN3X4W1E2J6V9ZACH0E5-draft.txt",
            quiet: quiet(),
            taken: 0
        ),
    ]

    @Test("A drop is taken when it has been quiet for long enough", arguments: habits)
    func habit(_ habit: Habit) async throws {
        let path = spool.inbox(habit.name)
        let drop = try spool.drop(habit.name, habit.text)
        spool.fileSystem.answerIsLocal(habit.isLocal)
        let asked = Mutex(0)
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in
            asked.withLock { $0 += 1 }
            if let answer = habit.hasNoWriter { return answer }
            throw .permissionDenied
        }
        // A new node: the first one has already found out which directories are local.
        let node = try await spool.node("b")
        var rules = DropRules.lenient()
        (rules.quiet, rules.witness) = (habit.quiet, habit.witness)
        var look: FileSnapshot?
        for second in 0...habit.taken {
            for act in habit.acts where act.second == second { try perform(act.act, path) }
            let outcome = try await node.accept(drop, rules, look: look)
            switch outcome {
            case .unfinished(let next):
                #expect(second < habit.taken, "it was not taken at \(second)")
                if second == 0 { #expect(next?.reason == habit.reason) }
                look = next
            case .accepted: #expect(second == habit.taken && habit.rejection == nil, "it was taken at \(second)")
            case .rejected(let row, _): #expect(second == habit.taken && row.reason == habit.rejection)
            case .immovable, .gone: throw Unexpected("\(outcome)")
            }
            spool.clock.turn(by: .seconds(1))
        }
        #expect(spool.tree("inbox/default") == [])
        if !habit.isLocal { #expect(asked.withLock { $0 } == 0) }
    }

    private func perform(_ act: Act, _ path: String) throws {
        // The kernel's clock goes in steps of some milliseconds.
        usleep(20_000)
        switch act {
        case .nothing: break
        case .append:
            let file = try #require(FileHandle(forWritingAtPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data("more".utf8))
            try file.close()
        case .rewrite: try Data("hello".utf8).write(to: URL(fileURLWithPath: path), options: [])
        case .link: try #require(Glibc.link(path, spool.absolute("tmp/other")) == 0)
        case .unlinkOther: try #require(unlink(spool.absolute("tmp/other")) == 0)
        }
    }

    @Test("A drop that has been quiet for long by its own times is taken at once after a restart")
    func old() async throws {
        let drop = try spool.drop("a.txt")
        spool.clock.turn(by: .seconds(400 * 86_400))
        var rules = DropRules.lenient()
        rules.quiet = Self.quiet(settle: 3_600, empty: 3_600)
        _ = try await node.accepted(drop, rules)
        // Not where the kernel cannot tell whether there is a writer: the writer may have stalled.
        let other = try spool.drop("b.txt")
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in throw .permissionDenied }
        let outcome = try await node.accept(other, rules, look: nil)
        guard case .unfinished(.some) = outcome else { throw Unexpected("\(outcome)") }
    }

    @Test("A drop on a network filesystem becomes an inode of the daemon's own, even when the daemon owns it")
    func ownCopy() async throws {
        let drop = try spool.drop("a.txt")
        var before = stat()
        try #require(stat(path, &before) == 0)
        spool.fileSystem.answerIsLocal(false)
        let node = try await spool.node("b")
        var rules = DropRules.lenient()
        rules.quiet = StabilityTimes(untold: .zero)
        let (job, _) = try await node.accepted(drop, rules)
        var after = stat()
        try #require(stat(spool.absolute("processing/b/\(job.name)/job.txt"), &after) == 0)
        #expect(after.st_ino != before.st_ino)
        #expect(spool.tree("processing/b/\(job.name)") == ["history.jsonl", "job.txt"])
        #expect(try spool.problems() == [])
    }

    @Test(
        "A drop that the disk or the file server fails to open is taken later, and not rejected",
        arguments: [Errno.ioError, Errno(rawValue: ESTALE), Errno(rawValue: ETIMEDOUT), Errno(rawValue: ENOTCONN)]
    )
    func trouble(_ error: Errno) async throws {
        let drop = try spool.drop("a.txt")
        spool.fileSystem.failOpens(with: error)
        guard case .immovable(let fault) = try await node.accept(drop) else { throw Unexpected("not left there") }
        #expect(fault.cause == error)
        #expect(spool.tree("inbox/default") == ["a.txt"])
        spool.fileSystem.failOpens(with: nil)
        _ = try await node.accepted(drop)
    }

    /// It starts a process, and the fork would hold open the drops that other tests have just written: it runs alone
    /// (scripts/test.sh).
    @Test(
        "A drop that another process has open for writing stays, where the kernel says nothing of a writer",
        .enabled(if: getenv("AGENTSPOOL_TEST_ALONE") != nil, "it runs alone, see scripts/test.sh")
    )
    func otherProcess() async throws {
        let drop = try spool.drop("a.txt")
        spool.fileSystem.answerHasNoWriter { () throws(Errno) in throw .permissionDenied }
        var rules = DropRules.lenient()
        (rules.quiet, rules.witness) = (StabilityTimes(untold: .seconds(1)), .unknown)
        rules.quiet.unseen = .seconds(1)
        // A shell that keeps the file open until its input ends.
        let (writer, input) = (Process(), Pipe())
        writer.executableURL = URL(fileURLWithPath: "/bin/sh")
        writer.arguments = ["-c", "exec 3>>'\(path)'; read line; echo more >&3"]
        writer.standardInput = input
        try writer.run()
        let descriptor = "/proc/\(writer.processIdentifier)/fd/3"
        while access(descriptor, F_OK) != 0 { usleep(1_000) }
        var look: FileSnapshot?
        for _ in 0..<3 {
            guard case .unfinished(let next) = try await node.accept(drop, rules, look: look) else {
                throw Unexpected("it was taken")
            }
            look = next
            spool.clock.turn(by: .seconds(1))
        }
        #expect(look?.reason == .writer)
        try input.fileHandleForWriting.close()
        writer.waitUntilExit()
        for _ in 0..<2 {
            if case .accepted(let job, _) = try await node.accept(drop, rules, look: look) {
                #expect(spool.text("processing/a/\(job.name)/job.txt") == "hellomore\n")
                return
            }
            look = nil
            if case .unfinished(let next) = try await node.accept(drop, rules, look: nil) { look = next }
            spool.clock.turn(by: .seconds(1))
        }
        throw Unexpected("it was not taken")
    }
}
