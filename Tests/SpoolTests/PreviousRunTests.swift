import Documents
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A node's previous run")
struct PreviousRunTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var file: JSON
        var end: PreviousRunEnd?
        var rhythm: Duration = .zero

        var testDescription: String { name }
    }

    private static let now = Timestamp(milliseconds: 1_795_428_000_000)

    private static func file(
        _ activity: String? = "together",
        boot: String = "this",
        seconds: Int64 = 3,
        _ more: (String, JSON?)...
    ) -> JSON {
        let started = Timestamp(milliseconds: now.milliseconds - seconds * 1_000)
        return JSON(
            members: [
                ("boot_id", .string(boot)), ("started_at", .string(started.text)),
                ("activity", activity.map(JSON.string)),
            ] + more
        )
    }

    static let rows = [
        Row(name: "A death with steps under way is a crash", file: file(), end: .crash, rhythm: .seconds(3)),
        Row(name: "A death with one step alone is that step's", file: file("alone"), end: .crashAlone),
        Row(name: "A death while idle is no step's", file: file("idle"), end: .crashIdle, rhythm: .seconds(3)),
        Row(
            name: "A node that was stopping was stopped, however it ended",
            file: file("alone", ("stopping", true)),
            end: .stop
        ),
        Row(name: "A run of another boot ended with the machine", file: file(boot: "other"), end: .reboot),
        Row(
            name: "A node that was stopping when the machine went down ended with the machine",
            file: file(boot: "other", ("stopping", true)),
            end: .reboot
        ),
        Row(name: "A file of a version that recorded no activity says nothing", file: file(nil)),
        Row(name: "A file with an activity that this version does not know says nothing", file: file("dreaming")),
        Row(name: "An empty file says nothing", file: [:]),
        Row(
            name: "Deaths in a row keep the longest time between two",
            file: file("idle", ("rhythm_ms", 5_000)),
            end: .crashIdle,
            rhythm: .seconds(5)
        ),
        Row(
            name: "A death while a step ran alone does not change the rhythm",
            file: file("alone", seconds: 20, ("rhythm_ms", 5_000)),
            end: .crashAlone,
            rhythm: .seconds(5)
        ),
        Row(
            name: "A long run is unrelated to the deaths before",
            file: file(seconds: 31, ("rhythm_ms", 5_000)),
            end: .crash
        ),
        Row(
            name: "A stop ends a rhythm",
            file: file("idle", ("stopping", true), ("rhythm_ms", 5_000)),
            end: .stop
        ),
        Row(name: "A run that began in the future has no rhythm", file: file(seconds: -9), end: .crash),
    ]

    @Test("A node's file says how its previous run ended", arguments: rows)
    func judgement(row: Row) {
        #expect(
            PreviousRun(file: row.file, bootID: "this", now: Self.now) == PreviousRun(end: row.end, rhythm: row.rhythm)
        )
    }

    @Test("How a run ended follows from the last activity in the lock file")
    func lockFile() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        func life(_ body: (NodeLock) throws -> Void) throws -> PreviousRun? {
            let lock = try NodeLock(of: "a", in: root, now: spool.clock.now)
            try body(lock)
            return lock.former
        }
        #expect(try life { _ in } == nil)
        #expect(try life { try $0.note(.together) }?.end == .crashIdle)
        #expect(try life { try $0.note(.alone) }?.end == .crash)
        #expect(try life { try $0.beat(counter: 1, now: spool.clock.now) }?.end == .crashAlone)
        #expect(
            try life { lock in
                try lock.note(.alone)
                try lock.noteStop()
            }?.end == .crashIdle
        )
        #expect(try life { _ in }?.end == .stop)
    }

    @Test("An activity that could not be written does not count as noted")
    func unwritten() throws {
        let spool = try TestSpool()
        let lock = try NodeLock(of: "a", in: spool.root(), now: spool.clock.now)
        spool.fileSystem.before { call throws(Errno) in if call == "write nodes/a" { throw .ioError } }
        #expect(throws: SpoolError.self) { try lock.note(.alone) }
        #expect(lock.isNoted(.idle) && !lock.isNoted(.alone))
    }
}
