import CLinux
package import Documents
import Glibc
import Jobs
import Synchronization
import SystemPackage

/// The kernel's lock on `nodes/<node>`: held while the node lives, free as soon as it is dead (fcntl(2), F_OFD_SETLK).
package final class NodeLock: Sendable {
    /// The process that holds a node, as the node's file says.
    package struct Holder: Sendable, Equatable {
        package var pid: Int
        package var host: String
        package var startedAt: Timestamp?

        package init(pid: Int, host: String, startedAt: Timestamp?) {
            (self.pid, self.host, self.startedAt) = (pid, host, startedAt)
        }
    }

    /// The node's lock is held by a living process.
    package struct Held: Error, CustomStringConvertible {
        package var node: String
        package var holder: Holder?

        package var description: String {
            let who = holder.map { " (pid \($0.pid) on \($0.host))" } ?? ""
            return "the node \(node) is running already\(who); give this one another name with --node"
        }
    }

    /// What the file says besides its holder.
    private struct Life {
        var activity = NodeActivity.idle
        var isStopping = false
        var heartbeat = 0
        var heartbeatAt: Timestamp
    }

    package let node: String
    /// The node's previous run; nil when there was none.
    package let former: PreviousRun?
    private let life: Mutex<Life>
    private let file: OpenFile
    private let fileSystem: any FileSystem
    private let content: (pid: Int, host: String, bootID: String, startedAt: Timestamp)

    /// Takes the lock of `node`.
    ///
    /// - Throws: ``Held`` when a living process has it; ``SpoolError``.
    package init(of node: String, in spool: SpoolRoot, now: Timestamp) throws {
        self.node = node
        fileSystem = spool.fileSystem
        file = try doing("opening nodes/\(node)") { () throws(Errno) in
            try spool.fileSystem.open(node, in: spool.directory(SpoolLayout.nodes), .update, mode: 0o644)
        }
        guard clinux_ofd_trylock(file.descriptor, true) == 0 else {
            throw Held(node: node, holder: Self.holder(in: file, spool.fileSystem))
        }
        let bootID = Self.bootID
        content = (Int(getpid()), Self.hostName, bootID, now)
        life = Mutex(Life(heartbeatAt: now))
        former = Self.json(in: file, spool.fileSystem).map { PreviousRun(file: $0, bootID: bootID, now: now) }
        try beat(counter: 0, now: now)
    }

    /// The lock file was removed or replaced: another daemon could take the node's name, too.
    package struct Lost: Error, CustomStringConvertible {
        package var node: String

        package var description: String {
            "the lock file nodes/\(node) was removed or replaced, and another daemon could take the node's name; "
                + "this one stops before that, and a restart goes on"
        }
    }

    /// Checks that the node's name in `nodes/` still leads to this lock.
    ///
    /// - Throws: ``Lost``, ``SpoolError``.
    package func check(in spool: SpoolRoot) throws {
        let isThere = try doing("looking at nodes/\(node)") { () throws(Errno) in
            do throws(Errno) {
                let found = try fileSystem.status(of: "\(SpoolLayout.nodes)/\(node)", in: spool.root)
                let own = try fileSystem.status(of: file)
                return (found.device, found.inode) == (own.device, own.inode)
            } catch .noSuchFileOrDirectory {
                return false
            }
        }
        if !isThere { throw Lost(node: node) }
    }

    /// Writes the heartbeat through the locked descriptor; the write fails when a file server has revoked the lock.
    package func beat(counter: Int, now: Timestamp) throws(SpoolError) {
        try write { life in (life.heartbeat, life.heartbeatAt) = (counter, now) }
    }

    /// Records in the file what the node is doing from now on: after a crash the next daemon judges by it.
    ///
    /// Written when this returns, but not synced: after a power cut it does not matter.
    package func note(_ activity: NodeActivity) throws(SpoolError) {
        try write { $0.activity = activity }
    }

    /// Whether the file records this activity.
    package func isNoted(_ activity: NodeActivity) -> Bool { life.withLock { $0.activity == activity } }

    /// Records in the file that the daemon stops on purpose; a crash after that counts as a stop.
    package func noteStop() throws(SpoolError) {
        try write { $0.isStopping = true }
    }

    /// Changes what the file says; `life` changes only when the write succeeds.
    private func write(_ change: (inout Life) -> Void) throws(SpoolError) {
        try life.withLock { life throws(SpoolError) in
            var changed = life
            change(&changed)
            let json = json(changed)
            try doing("writing the heartbeat of nodes/\(node)") { () throws(Errno) in
                // One write of constant length, also for the longest names: a reader never sees parts of two.
                let text = json.text
                let padding = String(repeating: " ", count: max(0, Self.length - text.utf8.count))
                _ = try fileSystem.write(Array((text + padding + "\n").utf8)[...], to: file, at: 0)
            }
            life = changed
        }
    }

    private func json(_ life: Life) -> JSON {
        JSON(members: [
            ("node", .string(node)), ("pid", .int(Int64(content.pid))), ("host", .string(content.host)),
            ("boot_id", .string(content.bootID)), ("started_at", .string(content.startedAt.text)),
            ("heartbeat", .int(Int64(life.heartbeat))), ("heartbeat_at", .string(life.heartbeatAt.text)),
            ("activity", .string(life.activity.rawValue)), ("stopping", life.isStopping ? .bool(true) : nil),
            ("rhythm_ms", former.map { .int(Int64($0.rhythm.wholeMilliseconds)) }),
        ])
    }

    private static let length = 1_023

    private static func holder(in file: OpenFile, _ fileSystem: any FileSystem) -> Holder? {
        guard let json = json(in: file, fileSystem), let pid = json["pid"]?.int, let host = json["host"]?.string else {
            return nil
        }
        return Holder(pid: pid, host: host, startedAt: json["started_at"]?.string.flatMap(Timestamp.init(text:)))
    }

    private static func json(in file: OpenFile, _ fileSystem: any FileSystem) -> JSON? {
        (try? fileSystem.read(file, at: 0, count: 4_096)).flatMap { try? JSONParser.parse($0) }
    }

    /// The nodes that the spool knows, and whether each lives.
    package static func nodes(of spool: SpoolRoot) throws(SpoolError) -> [(
        node: String, isAlive: Bool, holder: Holder?
    )] {
        try doing("reading nodes/") { () throws(Errno) in
            var nodes: [(String, Bool, Holder?)] = []
            let names = try DirectoryListing.names(in: SpoolLayout.nodes, of: spool.root)
            for name in names.sorted() where SpoolLayout.isValidName(name) {
                let directory = try spool.directory(SpoolLayout.nodes)
                // Only a regular file can be a lock.
                guard let file = try? spool.fileSystem.openPlain(name, in: directory) else { continue }
                nodes.append((name, isLocked(file), holder(in: file, spool.fileSystem)))
            }
            return nodes
        }
    }

    /// The names in `processing/` without a lock file: their nodes are dead, or will soon notice the loss.
    package static func nodesWithoutLock(in spool: SpoolRoot) throws(SpoolError) -> Set<String> {
        try doing("reading processing/") { () throws(Errno) in
            var names = try DirectoryListing.names(in: SpoolLayout.processing, of: spool.root)
            names.removeAll { !SpoolLayout.isValidName($0) }
            if names.isEmpty { return [] }
            let nodes = try spool.directory(SpoolLayout.nodes)
            var missing: Set<String> = []
            for name in names where try !spool.fileSystem.exists(name, in: nodes) { missing.insert(name) }
            return missing
        }
    }

    private static func isLocked(_ file: OpenFile) -> Bool { clinux_ofd_is_locked(file.descriptor) == 1 }

    /// This machine's name.
    package static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static var bootID: String {
        let path = "/proc/sys/kernel/random/boot_id"
        let fileSystem = LinuxFileSystem()
        guard let file = try? fileSystem.open(path, in: nil, .read),
            let bytes = try? fileSystem.read(file, at: 0, count: 64)
        else { return "unknown" }
        return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    }
}
