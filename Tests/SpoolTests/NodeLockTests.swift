import Documents
import Foundation
import Jobs
import SystemPackage
import TestKit
import Testing

@testable import Spool

@Suite("A node's lock")
struct NodeLockTests {
    private let spool: TestSpool
    private let root: SpoolRoot
    private var now: Timestamp { spool.clock.now }

    init() throws {
        spool = try TestSpool()
        root = try spool.root()
    }

    @Test("A second lock of a node is refused, and the error names the holder")
    func held() throws {
        let lock = try NodeLock(of: "a", in: root, now: now)
        let error = #expect(throws: NodeLock.Held.self) { try NodeLock(of: "a", in: root, now: now) }
        #expect(error?.holder?.pid == Int(getpid()))
        #expect(error?.holder?.startedAt == now)
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("the node a is running already (pid \(getpid()) on \(NodeLock.hostName))"))
        withExtendedLifetime(lock) {}
    }

    @Test("A lock is free once its holder releases it, and does not hinder other nodes")
    func freed() throws {
        do {
            let first = try NodeLock(of: "a", in: root, now: now)
            let other = try NodeLock(of: "b", in: root, now: now)
            withExtendedLifetime((first, other)) {}
        }
        _ = try NodeLock(of: "a", in: root, now: now)
    }

    /// The other holder is like a script or another daemon; `DaemonTests` in CommandsTests has a second process. None
    /// is started here: a child between fork(2) and execve(2) holds the drops open that other tests have just written.
    @Test("The lock is the kernel's: it excludes every other program, and another program's excludes the node")
    func foreign() throws {
        let lock = try NodeLock(of: "a", in: root, now: now)
        #expect(try foreignLock("a") == nil)
        _ = try NodeLock(of: "b", in: root, now: now)
        let foreign = try #require(try foreignLock("b"))
        #expect(throws: NodeLock.Held.self) { try NodeLock(of: "b", in: root, now: now) }
        #expect(try NodeLock.nodes(of: root).map(\.isAlive) == [true, true])
        try foreign.close()
        #expect(try NodeLock.nodes(of: root).map(\.isAlive) == [true, false])
        withExtendedLifetime(lock) {}
    }

    /// Takes the lock by another open file, which is another holder even in one process; nil when the lock is held.
    private func foreignLock(_ node: String) throws -> FileDescriptor? {
        let ofdSetLock: Int32 = 37
        let file = try FileDescriptor.open(FilePath(spool.absolute("nodes/\(node)")), .readWrite)
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        if fcntl(file.rawValue, ofdSetLock, &lock) == 0 { return file }
        try file.close()
        return nil
    }

    @Test("A heartbeat goes through the locked file, which always holds one whole object")
    func beat() throws {
        let name = String(repeating: "n", count: 64)
        let lock = try NodeLock(of: name, in: root, now: now)
        let length = spool.text("nodes/\(name)")?.utf8.count
        for count in [7, 1_000_000, 2] {
            spool.clock.turn(by: .seconds(10))
            try lock.beat(counter: count, now: now)
            let text = try #require(spool.text("nodes/\(name)"))
            let json = try JSONParser.parse(Array(text.utf8))
            #expect(json["heartbeat"]?.int == count)
            #expect(json["heartbeat_at"]?.string == now.text)
            #expect(json["node"]?.string == name)
            #expect(text.utf8.count == length)
        }
    }

    @Test("A heartbeat fails when the disk has taken the lock away")
    func lostLock() throws {
        let lock = try NodeLock(of: "a", in: root, now: now)
        spool.fileSystem.before { call throws(Errno) in if call == "write nodes/a" { throw .ioError } }
        #expect(throws: SpoolError.self) { try lock.beat(counter: 1, now: now) }
    }

    @Test("The list of nodes says which of them live")
    func nodes() throws {
        #expect(try NodeLock.nodes(of: root).isEmpty)
        do { _ = try NodeLock(of: "dead", in: root, now: now) }
        let lock = try NodeLock(of: "alive", in: root, now: now)
        let nodes = try NodeLock.nodes(of: root)
        #expect(nodes.map(\.node) == ["alive", "dead"])
        #expect(nodes.map(\.isAlive) == [true, false])
        #expect(nodes.allSatisfy { $0.holder?.pid == Int(getpid()) })
        withExtendedLifetime(lock) {}
    }

    @Test("A node's file that holds something else names no holder")
    func strangeFile() throws {
        try Data("not json".utf8).write(to: URL(fileURLWithPath: spool.absolute("nodes/a")))
        #expect(try NodeLock.nodes(of: root).map { $0.holder == nil } == [true])
    }
}
