import Jobs
import SystemPackage
import Testing

@testable import Spool

@Suite("A node's former life")
struct FormerLifeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var file: JSON
        var end: FormerEnd?
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
        Row(name: "with steps under way died of one of them", file: file(), end: .crash, rhythm: .seconds(3)),
        Row(name: "with one step alone died of that", file: file("alone"), end: .crashAlone),
        Row(name: "with nothing under way died of no step", file: file("idle"), end: .crashIdle, rhythm: .seconds(3)),
        Row(
            name: "that was stopping was stopped, however it ended",
            file: file("alone", ("stopping", true)),
            end: .stop
        ),
        Row(name: "of another boot ended with the machine", file: file(boot: "other"), end: .reboot),
        Row(
            name: "that was stopping when the machine went down ended with the machine",
            file: file(boot: "other", ("stopping", true)),
            end: .reboot
        ),
        Row(name: "of a version that did not say what was under way tells nothing", file: file(nil)),
        Row(name: "of a later version that says what this one does not know tells nothing", file: file("dreaming")),
        Row(name: "with an empty file tells nothing", file: [:]),
        Row(
            name: "among deaths in a row keeps the longest time between two",
            file: file("idle", ("rhythm_ms", 5_000)),
            end: .crashIdle,
            rhythm: .seconds(5)
        ),
        Row(
            name: "in which a step ran alone does not change the rhythm",
            file: file("alone", seconds: 20, ("rhythm_ms", 5_000)),
            end: .crashAlone,
            rhythm: .seconds(5)
        ),
        Row(
            name: "that lasted for long has nothing to do with the deaths before",
            file: file(seconds: 31, ("rhythm_ms", 5_000)),
            end: .crash
        ),
        Row(
            name: "that was stopped ends a rhythm",
            file: file("idle", ("stopping", true), ("rhythm_ms", 5_000)),
            end: .stop
        ),
        Row(name: "that began in the future, by a clock set back, has no rhythm", file: file(seconds: -9), end: .crash),
    ]

    @Test(arguments: rows)
    func judgement(row: Row) {
        #expect(
            FormerLife(file: row.file, bootID: "this", now: Self.now) == FormerLife(end: row.end, rhythm: row.rhythm)
        )
    }

    @Test("is told by what was last said in the lock's file")
    func lockFile() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        func life(_ body: (NodeLock) throws -> Void) throws -> FormerLife? {
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

    @Test("is not told of what could not be written")
    func unwritten() throws {
        let spool = try TestSpool()
        let lock = try NodeLock(of: "a", in: spool.root(), now: spool.clock.now)
        spool.fileSystem.before { call throws(Errno) in if call == "write nodes/a" { throw .ioError } }
        #expect(throws: SpoolError.self) { try lock.note(.alone) }
        #expect(lock.isNoted(.idle) && !lock.isNoted(.alone))
    }
}
