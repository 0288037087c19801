import Documents
import Glibc
import Synchronization
import SystemPackage

@testable import Spool

/// The real filesystem with a record of its calls, which fails or dies where a test says.
///
/// It counts every call that changes the disk; for faults that do not kill, also calls that only read. Syncs are
/// recorded and not made: no test cuts the power.
final class FaultyFileSystem: FileSystem {
    enum Fault: Sendable {
        /// The n-th call of any kind fails, once.
        case once(at: Int, Errno)
        /// The n-th call that changes something fails, and all after it: nothing reaches the disk any more. A write
        /// that is hit leaves half of its bytes, as a crash may.
        case death(at: Int)
    }

    private struct State {
        var calls: [String] = []
        var fault: Fault?
        var count = 0
        var isDead = false
        var hasStruck = false
    }

    private let base = LinuxFileSystem()
    private let state = Mutex(State())
    private let hooks = Mutex(Hooks())

    // A struct, not a tuple: a closure that is read in place out of a generic box is wrapped again each time.
    private struct Hooks {
        var before: Before = { _ in }
        var hasNoWriter: HasNoWriter?
        var cutsWrites = false
        var isLocal: Bool?
        var openError: Errno?
        var beforeAppendingAgain: (@Sendable () -> Void)?
    }

    typealias Before = @Sendable (String) throws(Errno) -> Void
    typealias HasNoWriter = @Sendable () throws(Errno) -> Bool

    /// Calls that changed something, or tried to, such as `rename inbox/default/a -> processing/a/J/drop@default`.
    var calls: [String] { state.withLock { $0.calls } }

    /// Whether the fault has occurred.
    var hasStruck: Bool { state.withLock { $0.hasStruck } }

    func arm(_ fault: Fault) {
        state.withLock { ($0.fault, $0.count, $0.isDead, $0.hasStruck) = (fault, 0, false, false) }
    }

    func disarm() { state.withLock { ($0.fault, $0.isDead) = (nil, false) } }

    func forgetCalls() { state.withLock { $0.calls = [] } }

    /// Runs `hook` just before a call; an error that it throws is the call's error.
    func before(_ hook: @escaping Before) { hooks.withLock { $0.before = hook } }

    /// Answers in the kernel's place whether a file has no writer.
    func answerHasNoWriter(_ answer: HasNoWriter?) { hooks.withLock { $0.hasNoWriter = answer } }

    /// Makes every open of a drop, and every open for reading, fail with this error; nil for none.
    func failOpens(with error: Errno?) { hooks.withLock { $0.openError = error } }

    /// Runs `hook` just before a history that was closed is opened again.
    func beforeAppendingAgain(_ hook: @escaping @Sendable () -> Void) {
        hooks.withLock { $0.beforeAppendingAgain = hook }
    }

    /// Sets whether every file counts as being on a filesystem of this machine alone.
    func answerIsLocal(_ answer: Bool) { hooks.withLock { $0.isLocal = answer } }

    /// Makes every write short, as on a disk that is just full.
    func cutWrites(_ isOn: Bool) { hooks.withLock { $0.cutsWrites = isOn } }

    // MARK: Faults

    private func look() throws(Errno) {
        let error = state.withLock { state -> Errno? in
            if state.isDead { return .ioError }
            guard case .once = state.fault else { return nil }
            return Self.strike(&state)
        }
        if let error { throw error }
    }

    private func change(_ call: String) throws(Errno) {
        let error = state.withLock { state -> Errno? in
            if state.isDead { return .ioError }
            state.calls.append(call)
            return Self.strike(&state)
        }
        if let error { throw error }
        let hook = hooks.withLock { $0 }
        try hook.before(call)
    }

    private static func strike(_ state: inout State) -> Errno? {
        state.count += 1
        switch state.fault {
        case .once(let at, let error) where at == state.count:
            state.hasStruck = true
            return error
        case .death(let at) where at == state.count:
            (state.hasStruck, state.isDead) = (true, true)
            return .ioError
        default: return nil
        }
    }

    // MARK: Names

    private func path(_ file: OpenFile) -> String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/fd/\(file.descriptor)", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let full = String(decoding: bytes, as: UTF8.self)
        return full.split(separator: "/").drop { !$0.hasPrefix(TestSpool.prefix) }.dropFirst().joined(separator: "/")
    }

    private func path(_ name: String, _ directory: OpenFile?) -> String {
        guard let directory else { return name }
        let parent = path(directory)
        return parent.isEmpty ? name : "\(parent)/\(name)"
    }

    // MARK: Calls

    func open(_ name: String, in directory: OpenFile?, _ flags: OpenFlags, mode: UInt32) throws(Errno) -> OpenFile {
        if flags.rawValue & (O_CREAT | O_TRUNC) == 0 {
            try look()
            if flags == .read, let error = hooks.withLock({ $0.openError }) { throw error }
            if flags == .appendAgain { hooks.withLock { $0 }.beforeAppendingAgain?() }
        } else {
            try change("create \(path(name, directory))")
        }
        return try base.open(name, in: directory, flags, mode: mode)
    }

    func openRaw(_ name: [UInt8], in directory: OpenFile, _ flags: OpenFlags) throws(Errno) -> OpenFile {
        try look()
        if let error = hooks.withLock({ $0.openError }) { throw error }
        return try base.openRaw(name, in: directory, flags)
    }

    func makeDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(Errno) {
        try change("mkdir \(path(name, directory))")
        try base.makeDirectory(name, in: directory, mode: mode)
    }

    func rename(_ name: String, in source: OpenFile, to target: String, in destination: OpenFile) throws(Errno) {
        try change("rename \(path(name, source)) -> \(path(target, destination))")
        try base.rename(name, in: source, to: target, in: destination)
    }

    func renameRaw(_ name: [UInt8], in source: OpenFile, to target: String, in destination: OpenFile) throws(Errno) {
        let text = String(decoding: name, as: UTF8.self)
        try change("rename \(path(text, source)) -> \(path(target, destination))")
        try base.renameRaw(name, in: source, to: target, in: destination)
    }

    func link(_ name: String, to target: String, in directory: OpenFile) throws(Errno) {
        try change("link \(path(name, directory)) -> \(path(target, directory))")
        try base.link(name, to: target, in: directory)
    }

    func renameToFreeName(_ name: String, to target: String, in directory: OpenFile) throws(Errno) {
        try change("rename \(path(name, directory)) -> \(path(target, directory))")
        try base.renameToFreeName(name, to: target, in: directory)
    }

    func setMode(of file: OpenFile, to mode: UInt32) throws(Errno) {
        try change("chmod \(path(file))")
        try base.setMode(of: file, to: mode)
    }

    func setGroup(of file: OpenFile, to group: UInt32) throws(Errno) {
        try change("chgrp \(path(file))")
        try base.setGroup(of: file, to: group)
    }

    func unlink(_ name: String, in directory: OpenFile) throws(Errno) {
        try change("unlink \(path(name, directory))")
        try base.unlink(name, in: directory)
    }

    func removeDirectory(_ name: String, in directory: OpenFile) throws(Errno) {
        try change("rmdir \(path(name, directory))")
        try base.removeDirectory(name, in: directory)
    }

    func status(of name: String, in directory: OpenFile) throws(Errno) -> FileStatus {
        try look()
        return try base.status(of: name, in: directory)
    }

    func status(of file: OpenFile) throws(Errno) -> FileStatus {
        try look()
        return try base.status(of: file)
    }

    func read(_ file: OpenFile, at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        try look()
        return try base.read(file, at: offset, count: count)
    }

    func write(_ bytes: ArraySlice<UInt8>, to file: OpenFile, at offset: Int?) throws(Errno) -> Int {
        let wasDead = state.withLock { $0.isDead }
        do throws(Errno) {
            try change("write \(path(file))")
        } catch {
            let dies = state.withLock { $0.isDead }
            if dies, !wasDead { _ = try base.write(bytes.prefix(bytes.count / 2), to: file, at: offset) }
            throw error
        }
        let isCut = hooks.withLock { $0.cutsWrites }
        return try base.write(isCut ? bytes.prefix(bytes.count / 2) : bytes, to: file, at: offset)
    }

    func truncate(_ file: OpenFile, to length: Int) throws(Errno) {
        try change("truncate \(path(file))")
        try base.truncate(file, to: length)
    }

    func sync(_ file: OpenFile, _ kind: SyncKind) throws(Errno) { try change("sync \(kind) \(path(file))") }

    func hasNoWriter(_ file: OpenFile) throws(Errno) -> Bool {
        try look()
        let hook = hooks.withLock { $0 }
        if let answer = hook.hasNoWriter { return try answer() }
        return try base.hasNoWriter(file)
    }

    func isLocal(_ file: OpenFile) -> Bool { hooks.withLock { $0.isLocal } ?? base.isLocal(file) }
}
