import Documents
import Foundation
import Testing

@testable import Spool

@Suite("Watching inboxes")
struct InboxWatchTests {
    private struct Watching {
        let spool: TestSpool
        let watch: InboxWatch
        let changes = AsyncStream.makeStream(of: Void.self)
        let ended = AsyncStream.makeStream(of: Void.self)

        init() throws {
            spool = try TestSpool()
            let (changed, end) = (changes.continuation, ended.continuation)
            watch = try InboxWatch { changed.yield() }
            for directory in ["inbox/default", "control"] { try watch.watch(directory, at: spool.absolute(directory)) }
            Thread.detachNewThread { [watch] in
                watch.run()
                end.finish()
            }
        }

        /// What changed first, or nothing when the watch ended.
        func next() async -> InboxWatch.Changes {
            for await _ in changes.stream { return watch.takeChanges() }
            return InboxWatch.Changes()
        }

        func stop() async {
            watch.stop()
            for await _ in ended.stream {}
        }
    }

    @Test("A watch sees a file that is made, one that is moved in, and one whose writer is done")
    func events() async throws {
        let watching = try Watching()
        let spool = watching.spool
        try FileManager.default.createSymbolicLink(atPath: spool.inbox("link"), withDestinationPath: "x")
        #expect(await watching.next() == InboxWatch.Changes(directories: ["inbox/default"]))
        try Data().write(to: URL(fileURLWithPath: spool.absolute("tmp/a")))
        try FileManager.default.moveItem(atPath: spool.absolute("tmp/a"), toPath: spool.absolute("control/a"))
        #expect(await watching.next() == InboxWatch.Changes(directories: ["control"]))
        let writer = try #require(FileHandle(forWritingAtPath: spool.absolute("control/a")))
        #expect(watching.watch.takeChanges().isEmpty)
        try writer.close()
        #expect(await watching.next() == InboxWatch.Changes(directories: ["control"]))
        await watching.stop()
    }

    @Test("A watch of a parent sees directories come and go, and no files")
    func parent() async throws {
        let watching = try Watching()
        let spool = watching.spool
        try watching.watch.watch("parent", at: spool.absolute("inbox"), isParent: true)
        try Data().write(to: URL(fileURLWithPath: spool.absolute("inbox/file")))
        try FileManager.default.createDirectory(
            atPath: spool.absolute("inbox/more"),
            withIntermediateDirectories: false
        )
        #expect(await watching.next() == InboxWatch.Changes(directories: ["parent"]))
        try FileManager.default.removeItem(atPath: spool.absolute("inbox/more"))
        #expect(await watching.next() == InboxWatch.Changes(directories: ["parent"]))
        await watching.stop()
    }

    @Test("A watch reports that it is incomplete when a watched directory is removed")
    func removed() async throws {
        let watching = try Watching()
        try FileManager.default.removeItem(atPath: watching.spool.absolute("control"))
        #expect(await watching.next().isIncomplete)
        await watching.stop()
    }

    @Test("A watch ends when it is stopped, also before it runs")
    func stop() throws {
        let watch = try InboxWatch {}
        watch.stop()
        watch.run()
    }

    @Test("A watch of a path that is no directory fails with a sentence")
    func failure() throws {
        let spool = try TestSpool()
        let watch = try InboxWatch {}
        try spool.drop("a")
        let error = #expect(throws: SpoolError.self) { try watch.watch("a", at: spool.inbox("a")) }
        #expect(error.map { "\($0)" } == "watching \(spool.inbox("a")) failed: Not a directory")
        #expect(throws: SpoolError.self) { try watch.watch("b", at: spool.inbox("b")) }
    }

    @Test("A watch knows of each file whether its writer was seen to be done")
    func witnesses() async throws {
        let watching = try Watching()
        let (spool, watch) = (watching.spool, watching.watch)
        func witness(_ name: String) -> InboxWatch.WriterObservation {
            watch.witness(of: Array(name.utf8), in: "inbox/default")
        }
        #expect(witness("a") == .unknown)
        let file = open(spool.inbox("a"), O_CREAT | O_WRONLY, 0o644)
        _ = await watching.next()
        #expect(witness("a") == .open)
        #expect(write(file, "x", 1) == 1)
        close(file)
        _ = await watching.next()
        #expect(witness("a") == .finished)
        try Data().write(to: URL(fileURLWithPath: spool.absolute("tmp/b")))
        try FileManager.default.moveItem(atPath: spool.absolute("tmp/b"), toPath: spool.inbox("b"))
        _ = await watching.next()
        #expect(witness("b") == .finished && witness("c") == .unknown)
        // A file that is gone is forgotten, and that is no change: the next change is the arrival of d.
        try FileManager.default.moveItem(atPath: spool.inbox("b"), toPath: spool.absolute("tmp/b"))
        try Data().write(to: URL(fileURLWithPath: spool.absolute("tmp/d")))
        try FileManager.default.moveItem(atPath: spool.absolute("tmp/d"), toPath: spool.inbox("d"))
        _ = await watching.next()
        #expect(witness("b") == .unknown && witness("d") == .finished)
        // Another directory in its place: nothing is known of files that came there before.
        try FileManager.default.moveItem(atPath: spool.absolute("inbox/default"), toPath: spool.absolute("tmp/old"))
        try FileManager.default.createDirectory(
            atPath: spool.absolute("inbox/default"),
            withIntermediateDirectories: false
        )
        try watch.watch("inbox/default", at: spool.absolute("inbox/default"))
        #expect(witness("a") == .unknown)
        await watching.stop()
    }

    @Test("A watch reports nothing of an unwatched directory, and that is no loss of events")
    func unwatched() async throws {
        let watching = try Watching()
        let spool = watching.spool
        watching.watch.unwatch("inbox/default")
        watching.watch.unwatch("never/watched")
        try Data().write(to: URL(fileURLWithPath: spool.inbox("a")))
        // The next change is of the other directory alone.
        try Data().write(to: URL(fileURLWithPath: spool.absolute("control/a")))
        #expect(await watching.next() == InboxWatch.Changes(directories: ["control"]))
        try watching.watch.watch("inbox/default", at: spool.absolute("inbox/default"))
        try FileManager.default.createSymbolicLink(atPath: spool.inbox("b"), withDestinationPath: "x")
        var changes = watching.watch.takeChanges()
        while !changes.directories.contains("inbox/default") { changes = await watching.next() }
        #expect(!changes.isIncomplete)
        await watching.stop()
    }
}
