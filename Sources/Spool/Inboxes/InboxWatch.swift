import CLinux
import Documents
import Glibc
import Synchronization
import SystemPackage

/// Reports when something may have changed in a directory (inotify(7)).
///
/// It is only a hint: events can be lost, so the caller also scans at start, after an overflow and on a timer.
package final class InboxWatch: Sendable {
    /// What may have changed since ``takeChanges()`` was last called.
    package struct Changes: Sendable, Equatable {
        /// The watched directories in which names appeared or writers finished, as they were given.
        package var directories: Set<String> = []
        /// Events were lost, or a directory is no longer watched: the caller must scan everywhere and watch again.
        package var isIncomplete = false

        package var isEmpty: Bool { directories.isEmpty && !isIncomplete }
    }

    /// What events showed about a file's writer, for where the kernel does not say whether there is one.
    package enum WriterObservation: Sendable {
        /// The file was closed, or came here by a rename.
        case finished
        /// The file was created here and not closed yet; or it was linked here, which looks the same.
        case open
        /// The file was here before the watch, or events were lost.
        case unknown
    }

    /// The order in which files came into a directory, as far as events showed it.
    package struct Arrivals: Sendable {
        private let seen: [[UInt8]: Seen]
        private let since: Int

        fileprivate init(_ witnesses: DirectoryObservations?) {
            (seen, since) = (witnesses?.files ?? [:], witnesses?.orderKnownSince ?? 0)
        }

        package static let none = Arrivals(nil)

        /// Greater for a file that came or was written later; nil when it came before the watch, or events were lost.
        package subscript(name: [UInt8]) -> Int? {
            guard let seen = seen[name], seen.number > since else { return nil }
            return seen.number
        }
    }

    fileprivate struct Seen {
        var witness: WriterObservation
        var number: Int
    }

    private struct State {
        var changes = Changes()
        /// The number of events so far.
        var events = 0
        var directories: [Int32: (name: String, isParent: Bool)] = [:]
        var witnesses: [String: DirectoryObservations] = [:]
    }

    /// What was seen in one directory, by the names of its files.
    fileprivate struct DirectoryObservations {
        /// The most files that are remembered. Any other waits longer, and the order of those before it is unknown.
        private static let most = 16_384
        private(set) var files: [[UInt8]: Seen] = [:]
        /// The number of the last event whose file was not remembered; the order is known only for later events.
        private(set) var orderKnownSince = 0

        mutating func note(_ event: UInt32, of name: [UInt8], _ number: Int) {
            if event & UInt32(IN_ISDIR) != 0 { return }
            let isMade = event & UInt32(IN_CREATE) != 0
            guard files[name] != nil || files.count < Self.most * (isMade ? 2 : 1) else {
                orderKnownSince = number
                return
            }
            files[name] = Seen(witness: isMade ? .open : .finished, number: number)
        }

        subscript(name: [UInt8]) -> WriterObservation { files[name]?.witness ?? .unknown }

        mutating func forget(_ name: [UInt8]) { files[name] = nil }
    }

    /// More than an event with the longest name takes, in bytes.
    private static let eventMax = 512
    private let notifications: OpenFile
    /// Held while events are read and noted, so that they are noted in their order.
    private let reading = Mutex([UInt8](repeating: 0, count: 1 << 16))
    private let stopSignal: OpenFile
    private let state = Mutex(State())
    /// Called after the first change since the last ``takeChanges()``, on the watch's own thread.
    private let onChange: @Sendable () -> Void

    /// - Throws: ``SpoolError`` when the kernel has no more inotify instances to give.
    package init(onChange: @escaping @Sendable () -> Void) throws(SpoolError) {
        self.onChange = onChange
        func file(_ descriptor: Int32) throws(SpoolError) -> OpenFile {
            guard descriptor >= 0 else {
                throw SpoolError(
                    "starting to watch",
                    Errno(rawValue: errno),
                    advice: "Raise fs.inotify.max_user_instances (sysctl)"
                )
            }
            return OpenFile(descriptor: descriptor) { _ = close($0) }
        }
        notifications = try file(inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK)))
        stopSignal = try file(eventfd(0, Int32(EFD_CLOEXEC)))
    }

    /// Watches a directory; the caller scans it afterwards, for files that came before.
    ///
    /// - Parameter isParent: Watch for directories that come and go in it, and not for files.
    package func watch(_ directory: String, at path: String, isParent: Bool = false) throws(SpoolError) {
        let mask = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR | (isParent ? 0 : IN_CLOSE_WRITE)
        let watch = inotify_add_watch(notifications.descriptor, path, UInt32(mask))
        guard watch >= 0 else {
            throw SpoolError(
                "watching \(path)",
                Errno(rawValue: errno),
                advice: errno == ENOSPC ? "Raise fs.inotify.max_user_watches (sysctl)" : nil
            )
        }
        state.withLock { state in
            let wasWatched = state.directories.updateValue((directory, isParent), forKey: watch) != nil
            if !wasWatched, !isParent { state.witnesses[directory] = nil }
        }
    }

    /// Stops watching a directory; does nothing when it is not watched.
    package func unwatch(_ directory: String) {
        let watches = state.withLock { state in
            let watches = state.directories.filter { $0.value.name == directory && !$0.value.isParent }.map(\.key)
            // Before the kernel reports the end of the watch, which would look like a lost directory.
            for watch in watches { state.directories[watch] = nil }
            state.witnesses[directory] = nil
            state.changes.directories.remove(directory)
            return watches
        }
        for watch in watches { inotify_rm_watch(notifications.descriptor, watch) }
    }

    /// What events showed about the writer of a file in a watched directory.
    package func witness(of name: [UInt8], in directory: String) -> WriterObservation {
        state.withLock { $0.witnesses[directory]?[name] ?? .unknown }
    }

    /// The order in which the files of a watched directory came, for all that came before this call.
    package func arrivals(in directory: String) -> Arrivals {
        noteEvents()
        return state.withLock { Arrivals($0.witnesses[directory]) }
    }

    /// What may have changed since the last call.
    package func takeChanges() -> Changes {
        state.withLock { state in
            defer { state.changes = Changes() }
            return state.changes
        }
    }

    /// Reads events until ``stop()``; blocks, so it needs a thread of its own.
    package func run() {
        while true {
            var polled = [
                pollfd(fd: notifications.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stopSignal.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&polled, 2, -1) > 0 else { continue }
            if polled[1].revents != 0 { return }
            noteEvents()
        }
    }

    /// Notes the pending events; does not wait for more.
    private func noteEvents() {
        reading.withLock { buffer in
            while true {
                let count = read(notifications.descriptor, &buffer, buffer.count)
                if count > 0 {
                    note(buffer[..<count])
                    // The buffer had room for one more event, so no more were pending.
                    if count < buffer.count - Self.eventMax { return }
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
    }

    /// Ends ``run()``.
    package func stop() {
        var one: UInt64 = 1
        _ = write(stopSignal.descriptor, &one, 8)
    }

    private func note(_ events: ArraySlice<UInt8>) {
        let isFirst = state.withLock { state in
            let wasEmpty = state.changes.isEmpty
            var rest = events
            let headerSize = MemoryLayout<inotify_event>.size
            while rest.count >= headerSize {
                state.events += 1
                let event = rest.withUnsafeBytes { $0.loadUnaligned(as: inotify_event.self) }
                let lost = UInt32(IN_Q_OVERFLOW | IN_UNMOUNT | IN_IGNORED)
                // The kernel also reports the end of a watch that was removed.
                let isKnown = event.mask & UInt32(IN_Q_OVERFLOW) != 0 || state.directories[event.wd] != nil
                if event.mask & lost != 0, isKnown {
                    state.changes.isIncomplete = true
                    state.witnesses = [:]
                }
                if let (directory, isParent) = state.directories[event.wd],
                    !isParent || event.mask & UInt32(IN_ISDIR) != 0
                {
                    let name = Array(rest.dropFirst(headerSize).prefix(Int(event.len)).prefix { $0 != 0 })
                    if !isParent, event.mask & UInt32(IN_DELETE | IN_MOVED_FROM) != 0 {
                        // Temporary names, too, which become no drop. A file that is gone is no reason to scan.
                        state.witnesses[directory]?.forget(name)
                    } else {
                        state.changes.directories.insert(directory)
                        if !isParent {
                            state.witnesses[directory, default: DirectoryObservations()].note(
                                event.mask,
                                of: name,
                                state.events
                            )
                        }
                    }
                }
                rest = rest.dropFirst(headerSize + Int(event.len))
            }
            return wasEmpty && !state.changes.isEmpty
        }
        if isFirst { onChange() }
    }
}
