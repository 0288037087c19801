import Documents
import Jobs
import Testing

@testable import Engine
@testable import Spool

@Suite("The state of the inboxes")
struct InboxesTests {
    private let queue = "default"

    private func time(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: Int64(seconds * 1_000)) }

    private func drop(_ name: String) -> Drop { Drop(queue: queue, name: Array(name.utf8)) }

    private func place(_ name: String) -> DropOrderKey { DropOrderKey(Array(name.utf8)) }

    private func look(at: Double = 0, due: Double, _ reason: FileSnapshot.Reason = .settling) -> FileSnapshot {
        let status = FileStatus(
            kind: .regular,
            size: 1,
            links: 1,
            uid: 0,
            device: 1,
            inode: 1,
            modified: 0,
            changed: 0
        )
        var look = FileSnapshot(status, at: time(at), reason)
        look.due = time(due)
        return look
    }

    /// Inboxes of one queue, after a first scan that found nothing.
    private var quiet: Inboxes {
        var inboxes = Inboxes()
        inboxes.open([queue])
        _ = scan(&inboxes, [])
        return inboxes
    }

    /// Scans the inbox, and returns the names that are ready.
    private func scan(
        _ inboxes: inout Inboxes,
        _ names: [String],
        at seconds: Double = 0,
        writer: InboxWatch.WriterObservation = .unknown
    ) -> [String] {
        inboxes.scanBegins(queue)
        inboxes.scanEnds(queue, InboxListing(names.map(place)))
        let ready = inboxes.takeListed(queue, room: .max, at: time(seconds)) { _ in writer }
        _ = inboxes.endScanIfTaken(queue)
        return self.names(ready)
    }

    private func names(_ ready: Inboxes.Ready) -> [String] {
        ready.drops.map { String(decoding: $0.place.name, as: UTF8.self) }
    }

    /// Takes a drop that turns out to be unfinished.
    private func settle(_ inboxes: inout Inboxes, _ name: String, _ look: FileSnapshot?) {
        inboxes.accept(drop(name), in: Task {})
        inboxes.mustSettle(drop(name), at: place(name), look)
        inboxes.endAccepting(drop(name))
    }

    // MARK: Scans

    @Test("An inbox is scanned when it may have changed, once")
    func changes() {
        var inboxes = Inboxes()
        inboxes.open([queue])
        #expect(inboxes.nextStep(queue) == .scan && inboxes.nextStep("other") == nil)
        inboxes.scanBegins(queue)
        #expect(inboxes.isScanning(queue))
        inboxes.scanEnds(queue, InboxListing([place("b"), place("a")]))
        #expect(inboxes.nextStep(queue) == .takeListed)
        #expect(names(inboxes.takeListed(queue, room: 1, at: time(0)) { _ in .unknown }) == ["a"])
        #expect(!inboxes.endScanIfTaken(queue) && inboxes.nextStep(queue) == .takeListed)
        #expect(names(inboxes.takeListed(queue, room: 1, at: time(0)) { _ in .unknown }) == ["b"])
        #expect(inboxes.endScanIfTaken(queue) && inboxes.nextStep(queue) == nil)
        inboxes.changed(queue)
        #expect(inboxes.nextStep(queue) == .scan)
    }

    @Test("After a scan that did not keep all drops, there is another one")
    func cut() {
        var inboxes = quiet
        inboxes.scanBegins(queue)
        inboxes.scanEnds(queue, InboxListing([], isCut: true))
        #expect(inboxes.endScanIfTaken(queue) && inboxes.nextStep(queue) == .scan)
    }

    @Test("A drop that a scan sees while it is accepted is looked at again only when it turns out to be unfinished")
    func seenMeanwhile() {
        var inboxes = quiet
        for name in ["done", "open"] { inboxes.accept(drop(name), in: Task {}) }
        #expect(scan(&inboxes, ["done", "open"]) == [])
        inboxes.settle(drop("done"))
        inboxes.endAccepting(drop("done"))
        #expect(inboxes.nextStep(queue) == nil)
        inboxes.mustSettle(drop("open"), at: place("open"), nil)
        #expect(inboxes.nextStep(queue) == .scan)
    }

    // MARK: Settling

    @Test("A drop that settles is taken when it is due, with the look that was due")
    func settling() {
        var inboxes = quiet
        settle(&inboxes, "a", look(due: 2))
        #expect(inboxes.nextLook == time(2))
        #expect(scan(&inboxes, ["a"], at: 1) == [])
        #expect(inboxes.begin(queue, at: time(2)) == true)
        inboxes.scanBegins(queue)
        inboxes.scanEnds(queue, InboxListing([place("a")]))
        let ready = inboxes.takeListed(queue, room: 1, at: time(2)) { _ in .unknown }
        #expect(ready.drops.map(\.look) == [look(due: 2)])
    }

    @Test("A drop that a scan missed begins to settle anew")
    func missed() {
        var inboxes = quiet
        settle(&inboxes, "a", look(due: 2))
        #expect(scan(&inboxes, []) == [])
        #expect(inboxes.areDrained)
        #expect(scan(&inboxes, ["a"], at: 1) == ["a"])
    }

    @Test("A drop that is accepted while a scan misses it goes on settling")
    func missedMeanwhile() {
        var inboxes = quiet
        settle(&inboxes, "a", look(due: 2))
        inboxes.accept(drop("a"), in: Task {})
        #expect(scan(&inboxes, []) == [])
        inboxes.endAccepting(drop("a"))
        #expect(!inboxes.areDrained)
        #expect(scan(&inboxes, ["a"], at: 1) == [])
    }

    @Test("A look that is due while a scan has drops left takes what has settled first")
    func dueMeanwhile() {
        var inboxes = quiet
        for name in ["b", "a"] { settle(&inboxes, name, look(due: 2)) }
        inboxes.changed(queue)
        inboxes.scanBegins(queue)
        inboxes.scanEnds(queue, InboxListing([place("c")]))
        #expect(inboxes.begin(queue, at: time(2)) && inboxes.nextStep(queue) == .takeSettled)
        #expect(names(inboxes.takeSettled(queue, room: 1, at: time(2)) { _ in .unknown }) == ["a"])
        #expect(inboxes.nextStep(queue) == .takeSettled)
        #expect(names(inboxes.takeSettled(queue, room: 2, at: time(2)) { _ in .unknown }) == ["a", "b"])
        #expect(inboxes.nextStep(queue) == .takeListed)
    }

    @Test("Drops that are due at nearly the same time are taken in their order")
    func tolerance() {
        var inboxes = quiet
        settle(&inboxes, "a", look(due: 2.4))
        settle(&inboxes, "b", look(due: 2))
        #expect(scan(&inboxes, ["a", "b"], at: 2) == [])
        #expect(scan(&inboxes, ["a", "b"], at: 2.4) == ["a", "b"])
        #expect(scan(&inboxes, ["b"], at: 2) == ["b"])
    }

    @Test(
        "News of its writer ends a drop's wait, as far as the wait is for the writer",
        arguments: [
            (FileSnapshot.Reason.writer, InboxWatch.WriterObservation.finished, true), (.writer, .open, false),
            (.unseen, .open, true), (.unseen, .unknown, false), (.empty, .unknown, true), (.settling, .finished, false),
        ]
    )
    func writers(_ reason: FileSnapshot.Reason, _ writer: InboxWatch.WriterObservation, _ isReady: Bool) {
        var inboxes = quiet
        settle(&inboxes, "a", look(due: 2, reason))
        #expect(scan(&inboxes, ["a"], at: 1, writer: writer) == (isReady ? ["a"] : []))
    }

    @Test("A look that was made before the clock was set back does not make a drop wait")
    func clockSetBack() {
        var inboxes = quiet
        settle(&inboxes, "a", look(at: 100, due: 102))
        #expect(scan(&inboxes, ["a"], at: 50) == ["a"])
    }

    @Test("While too many drops settle, no other one is taken, and no other one is remembered")
    func fullWindow() {
        var inboxes = quiet
        for number in 0..<InboxState.pendingMax { settle(&inboxes, "f\(number)", look(due: 2)) }
        settle(&inboxes, "late", look(due: 1))
        #expect(inboxes.nextLook == time(2))
        #expect(scan(&inboxes, (0..<InboxState.pendingMax).map { "f\($0)" } + ["late", "new"], at: 1) == [])
        inboxes.settle(drop("f0"))
        #expect(scan(&inboxes, ["late", "new"], at: 1) == ["late", "new"])
    }

    // MARK: Pauses

    @Test("After a disk error nothing is taken for a while, and then the inbox is scanned again")
    func pause() {
        var inboxes = quiet
        inboxes.scanBegins(queue)
        inboxes.pause(queue, until: time(5))
        #expect(!inboxes.isScanning(queue) && inboxes.isPaused(queue) && !inboxes.areDrained)
        inboxes.changed(queue)
        #expect(inboxes.nextStep(queue) == nil && inboxes.nextLook == time(5))
        #expect(!inboxes.begin(queue, at: time(4)) && inboxes.isPaused(queue))
        #expect(inboxes.begin(queue, at: time(5)) && !inboxes.isPaused(queue))
        #expect(inboxes.nextStep(queue) == .scan && inboxes.nextLook == nil)
    }

    @Test("A directory that was made again ends the pause")
    func directoryMade() {
        var inboxes = quiet
        inboxes.pause(queue, until: time(5))
        inboxes.directoriesChanged()
        #expect(!inboxes.isPaused(queue) && inboxes.nextStep(queue) == .scan)
    }

    // MARK: Immovable drops

    @Test("The first drops that cannot be moved are logged, then one more, and no other")
    func immovable() {
        var inboxes = quiet
        let reports = (0..<6).map { inboxes.cannotMove(drop("f\($0)")) }
        #expect(reports == [.logged, .logged, .logged, .last, .silent, .silent])
        #expect(inboxes.immovableCount == 6)
        #expect(scan(&inboxes, ["f0", "good"]) == ["good"])
        inboxes.fullScanIsDue()
        #expect(inboxes.immovableCount == 0)
        #expect(scan(&inboxes, ["f0"]) == ["f0"])
        #expect(inboxes.cannotMove(drop("f0")) == .silent)
    }

    @Test("No more drops that cannot be moved are remembered than others that wait")
    func manyImmovable() {
        var inboxes = quiet
        for number in 0..<InboxState.pendingMax { #expect(inboxes.cannotMove(drop("f\(number)")) != nil) }
        #expect(inboxes.cannotMove(drop("more")) == nil)
    }

    // MARK: Ends

    @Test("An inbox is drained only when nothing of it is left, except for drops that cannot be moved")
    func drained() {
        var inboxes = Inboxes()
        inboxes.open([queue])
        #expect(!inboxes.areDrained)
        inboxes.scanBegins(queue)
        #expect(!inboxes.areDrained)
        inboxes.scanEnds(queue, InboxListing())
        #expect(!inboxes.areDrained)
        #expect(inboxes.endScanIfTaken(queue) && inboxes.areDrained)
        inboxes.accept(drop("a"), in: Task {})
        #expect(!inboxes.areDrained && inboxes.isAccepting)
        inboxes.mustSettle(drop("a"), at: place("a"), look(due: 2))
        inboxes.endAccepting(drop("a"))
        #expect(!inboxes.areDrained && !inboxes.isAccepting)
        inboxes.settle(drop("a"))
        #expect(inboxes.areDrained)
        settle(&inboxes, "b", nil)
        #expect(!inboxes.areDrained)
        #expect(scan(&inboxes, []) == [])
        _ = inboxes.cannotMove(drop("c"))
        #expect(inboxes.areDrained)
    }

    @Test("Of a queue that is no longer configured, only what is being accepted is left")
    func leaves() {
        var inboxes = quiet
        settle(&inboxes, "a", look(due: 2))
        inboxes.accept(drop("b"), in: Task {})
        inboxes.leave(queue)
        inboxes.pause(queue, until: time(5))
        inboxes.mustSettle(drop("b"), at: place("b"), look(due: 2))
        #expect(inboxes.anyTask(queue) != nil && inboxes.nextLook == nil && !inboxes.isPaused(queue))
        inboxes.endAccepting(drop("b"))
        #expect(inboxes.areDrained && inboxes.nextStep(queue) == nil)
    }

    @Test("A queue whose waiting times changed forgets its looks; one whose names changed keeps them")
    func configure() {
        let old = QueueSettings(name: queue, workflow: "work")
        var inboxes = quiet
        settle(&inboxes, "a", look(due: 2))
        var new = old
        new.priority = 1
        inboxes.configure(queue, from: old, to: new)
        #expect(inboxes.nextStep(queue) == .scan && inboxes.nextLook == time(2))
        new.settle = .seconds(9)
        inboxes.configure(queue, from: old, to: new)
        #expect(inboxes.nextLook == nil)
        #expect(scan(&inboxes, ["a"], at: 1) == ["a"])
    }
}
