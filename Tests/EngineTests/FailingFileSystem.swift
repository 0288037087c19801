import Dispatch
import Documents
import Spool
import Synchronization
import SystemPackage
import TestKit

/// The real filesystem, on which a test makes calls fail.
final class FailingFileSystem: FileSystem {
    enum Call: Hashable, CaseIterable {
        case open, makeDirectory, rename, unlink, read, write, truncate, sync
    }

    struct Fault: Sendable {
        var error: Errno
        var calls: Set<Call>

        /// A full disk: nothing new can be made or written.
        static let fullDisk = Fault(error: .noSpace, calls: [.makeDirectory, .write])
        static let noFlush = Fault(error: .ioError, calls: [.sync])
    }

    private let real = LinuxFileSystem()
    private let fault = Mutex<Fault?>(nil)
    private let immovable = Mutex<Set<[UInt8]>>([])
    private let held = Mutex<[String: DispatchSemaphore]>([:])
    private let taken = Mutex<[String]>([])
    private let leases = Mutex<(@Sendable () throws(Errno) -> Bool)?>(nil)
    /// How often the daemon asked whether a file has a writer.
    let writerChecks = Watched(0)

    /// Makes calls fail; nil when the disk works.
    func breaks(with fault: Fault?) { self.fault.withLock { $0 = fault } }

    /// Drops of these names cannot be moved, as if another user owned them.
    func makesImmovable(_ names: [String]) { immovable.withLock { $0 = Set(names.map { Array($0.utf8) }) } }

    /// Blocks the acceptance of the drop of this name until the caller calls the returned function.
    func holds(_ name: String) -> @Sendable () -> Void {
        let semaphore = DispatchSemaphore(value: 0)
        held.withLock { $0[name] = semaphore }
        return { semaphore.signal() }
    }

    /// The names of the drops that were taken from an inbox, in that order.
    var takenNames: [String] { taken.withLock { $0 } }

    /// Sets the answer to whether a file has no writer; nil for the kernel's own.
    func answersLeases(_ answer: (@Sendable () throws(Errno) -> Bool)?) { leases.withLock { $0 = answer } }

    private func check(_ call: Call) throws(Errno) {
        if let fault = fault.withLock({ $0 }), fault.calls.contains(call) { throw fault.error }
    }

    func open(_ name: String, in directory: OpenFile?, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> OpenFile {
        try check(.open)
        return try real.open(name, in: directory, flags, mode: mode)
    }

    func openRaw(_ name: [UInt8], in directory: OpenFile, _ flags: OpenFlags) throws(Errno) -> OpenFile {
        try check(.open)
        return try real.openRaw(name, in: directory, flags)
    }

    func isLocal(_ file: OpenFile) -> Bool { real.isLocal(file) }

    func makeDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(Errno) {
        try check(.makeDirectory)
        try real.makeDirectory(name, in: directory, mode: mode)
    }

    func rename(_ name: String, in source: OpenFile, to target: String, in destination: OpenFile) throws(Errno) {
        try check(.rename)
        try real.rename(name, in: source, to: target, in: destination)
    }

    func renameRaw(
        _ name: [UInt8],
        in source: OpenFile,
        to target: String,
        in destination: OpenFile
    ) throws(Errno) {
        try check(.rename)
        if immovable.withLock({ $0.contains(name) }) { throw .notPermitted }
        taken.withLock { $0.append(String(decoding: name, as: UTF8.self)) }
        try real.renameRaw(name, in: source, to: target, in: destination)
    }

    func link(_ name: String, to target: String, in directory: OpenFile) throws(Errno) {
        try check(.rename)
        try real.link(name, to: target, in: directory)
    }

    func renameToFreeName(_ name: String, to target: String, in directory: OpenFile) throws(Errno) {
        try check(.rename)
        try real.renameToFreeName(name, to: target, in: directory)
    }

    func setMode(of file: OpenFile, to mode: UInt32) throws(Errno) { try real.setMode(of: file, to: mode) }

    func setGroup(of file: OpenFile, to group: UInt32) throws(Errno) { try real.setGroup(of: file, to: group) }

    func unlink(_ name: String, in directory: OpenFile) throws(Errno) {
        try check(.unlink)
        try real.unlink(name, in: directory)
    }

    func removeDirectory(_ name: String, in directory: OpenFile) throws(Errno) {
        try check(.unlink)
        try real.removeDirectory(name, in: directory)
    }

    func status(of name: String, in directory: OpenFile) throws(Errno) -> FileStatus {
        try real.status(of: name, in: directory)
    }

    func status(of file: OpenFile) throws(Errno) -> FileStatus { try real.status(of: file) }

    func read(_ file: OpenFile, at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        try check(.read)
        return try real.read(file, at: offset, count: count)
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: OpenFile, at offset: Int?) throws(Errno) -> Int {
        try check(.write)
        held.withLock { held -> DispatchSemaphore? in
            guard !held.isEmpty else { return nil }
            let text = String(decoding: bytes, as: UTF8.self)
            let name = held.keys.first { text.contains("\"name\":\"\($0)\"") }
            return name.flatMap { held.removeValue(forKey: $0) }
        }?.wait()
        return try real.write(bytes, to: file, at: offset)
    }

    func truncate(_ file: OpenFile, to length: Int) throws(Errno) {
        try check(.truncate)
        try real.truncate(file, to: length)
    }

    func sync(_ file: OpenFile, _ kind: SyncKind) throws(Errno) {
        try check(.sync)
        try real.sync(file, kind)
    }

    func hasNoWriter(_ file: OpenFile) throws(Errno) -> Bool {
        writerChecks.update { $0 += 1 }
        return switch leases.withLock({ $0 }) {
        case nil: try real.hasNoWriter(file)
        case .some(let answer): try answer()
        }
    }
}
