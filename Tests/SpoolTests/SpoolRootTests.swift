import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("The root of a spool")
struct SpoolRootTests {
    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return ""
    }

    @Test("A new spool has all its directories, and its job directories are private")
    func create() throws {
        let spool = try TestSpool()
        for (name, mode) in SpoolLayout.directories {
            let attributes = try FileManager.default.attributesOfItem(atPath: spool.absolute(name))
            #expect(attributes[.posixPermissions] as? NSNumber == NSNumber(value: mode & ~0o022), "\(name)")
        }
        #expect(spool.tree("inbox") == ["default"])
    }

    @Test("Making a spool again leaves what is there as it is")
    func createAgain() throws {
        let spool = try TestSpool()
        try spool.drop("a.txt")
        try SpoolRoot.create(path: spool.path, queues: ["default", "more"], fileSystem: LinuxFileSystem())
        #expect(spool.tree("inbox") == ["default", "default/a.txt", "more"])
    }

    @Test("Opening a spool that is missing names the command that makes one")
    func missing() throws {
        let spool = try TestSpool()
        let path = spool.absolute("nowhere")
        let text = message { _ = try SpoolRoot(path: path, fileSystem: LinuxFileSystem()) }
        #expect(
            text
                == "opening the spool \(path) failed: No such file or directory. Make one with: agentspool init \(path)"
        )
    }

    @Test("A directory without inboxes is no spool, and one without other directories is")
    func incomplete() throws {
        let spool = try TestSpool()
        try FileManager.default.removeItem(atPath: spool.absolute("done"))
        _ = try spool.root()
        try FileManager.default.removeItem(atPath: spool.absolute("inbox"))
        let text = message { _ = try spool.root() }
        #expect(text.contains("It has no inbox/ and is no spool"))
    }

    @Test("Opening a file as a spool says that it is no directory")
    func file() throws {
        let spool = try TestSpool()
        try spool.drop("a.txt")
        let text = message { _ = try SpoolRoot(path: spool.inbox("a.txt"), fileSystem: LinuxFileSystem()) }
        #expect(text.hasSuffix("failed: Not a directory"))
    }

    @Test("A directory that was removed and made again is opened again")
    func remade() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        let old = try root.directory("inbox/default")
        #expect(try root.directory("inbox/default") === old)
        try FileManager.default.removeItem(atPath: spool.absolute("inbox/default"))
        #expect(throws: Errno.noSuchFileOrDirectory) { try root.directory("inbox/default") }
        try FileManager.default.createDirectory(
            atPath: spool.absolute("inbox/default"),
            withIntermediateDirectories: false
        )
        try spool.drop("a.txt")
        #expect(try root.fileSystem.exists("a.txt", in: root.directory("inbox/default")))
    }

    @Test("A directory that was moved away and made again is opened again")
    func replaced() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        _ = try root.directory("inbox/default")
        try FileManager.default.moveItem(atPath: spool.absolute("inbox/default"), toPath: spool.absolute("inbox/old"))
        try FileManager.default.createDirectory(
            atPath: spool.absolute("inbox/default"),
            withIntermediateDirectories: false
        )
        try spool.drop("a.txt")
        #expect(try root.fileSystem.exists("a.txt", in: root.directory("inbox/default")))
    }

    @Test("A bounded number of directories is kept open")
    func bounded() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        for day in 0..<500 { _ = try root.ensuredDirectory("done/\(day)") }
        #expect(try spool.openDescriptors() <= 65)
    }

    @Test("Making a directory returns the parents that must be synced")
    func ensured() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        #expect(
            try root.ensuredDirectory("done/2026-11-24").changed.map(ObjectIdentifier.init)
                == [ObjectIdentifier(root.directory("done"))]
        )
        #expect(try root.ensuredDirectory("done/2026-11-24").changed.isEmpty)
        #expect(try root.ensuredDirectory("more").changed.map(ObjectIdentifier.init) == [ObjectIdentifier(root.root)])
        try FileManager.default.removeItem(atPath: spool.absolute("done"))
        let again = try root.ensuredDirectory("done/2026-11-24").changed
        #expect(try again.map(ObjectIdentifier.init) == [root.root, root.directory("done")].map(ObjectIdentifier.init))
    }
}

@Suite("Directories that are removed under a node")
struct RemadeDirectoryTests {
    @Test("A node accepts drops from an inbox that was removed and made again")
    func inbox() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        _ = try await node.accepted(spool.drop("a.txt"))
        try FileManager.default.removeItem(atPath: spool.absolute("inbox/default"))
        try FileManager.default.createDirectory(
            atPath: spool.absolute("inbox/default"),
            withIntermediateDirectories: false
        )
        _ = try await node.accepted(spool.drop("b.txt"))
    }

    @Test("A node moves a job into a day that was purged meanwhile")
    func day() async throws {
        let spool = try TestSpool()
        let node = try await spool.node()
        for name in ["a.txt", "b.txt"] {
            try await node.commit(.completeNow, on: node.accepted(spool.drop(name)).0)
            #expect(spool.tree("done").contains { $0.hasSuffix("-\(name)") })
            try FileManager.default.removeItem(atPath: spool.absolute("done/\(spool.clock.now.day)"))
        }
    }

    @Test("A request is submitted and read in a control directory that was made again")
    func control() throws {
        let spool = try TestSpool()
        let root = try spool.root()
        let request = ControlRequest(.cancel, jobs: [spool.identifiers.next()], reason: nil)
        _ = try request.submit(to: root, id: spool.identifiers.next())
        try FileManager.default.removeItem(atPath: spool.absolute("control"))
        try FileManager.default.createDirectory(atPath: spool.absolute("control"), withIntermediateDirectories: false)
        let name = try request.submit(to: spool.root(), id: spool.identifiers.next())
        let found = try ControlRequest.read(name, in: root, now: spool.clock.now)
        #expect(found == .request(request, uid: Int(geteuid())))
    }
}
