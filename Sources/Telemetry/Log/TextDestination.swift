import Documents
import Glibc

/// Readable lines on a file descriptor, one entry a line, for a terminal, a container's log or a file.
package struct TextDestination: LogDestination {
    private let descriptor: Int32

    /// - Parameter descriptor: Open for writing for as long as the destination lives; it is not closed.
    package init(descriptor: Int32 = 2) { self.descriptor = descriptor }

    package func write(_ entry: LogEntry) -> Bool { write([entry]) == 0 }

    /// Writes as many lines at a time as a pipe keeps together when other programs write to it, too: PIPE_BUF bytes
    /// (pipe(7)).
    package func write(_ entries: [LogEntry]) -> Int {
        var (lines, count, lost) = ([UInt8](), 0, 0)
        func flush() {
            if !lines.withUnsafeBytes({ writeAll($0) }) { lost += count }
            lines.removeAll(keepingCapacity: true)
            count = 0
        }
        for entry in entries {
            let line = TextLine.bytes(entry)
            if count > 0, lines.count + line.count >= Int(PIPE_BUF) { flush() }
            lines += line
            lines.append(UInt8(ascii: "\n"))
            count += 1
        }
        flush()
        return lost
    }

    private func writeAll(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written >= 0 {
                rest = rest.dropFirst(written)
                continue
            }
            switch errno {
            case EINTR: continue
            // O_NONBLOCK belongs to the open file, which we share with the process that gave us the descriptor.
            case EAGAIN:
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if poll(&ready, 1, -1) < 0, errno != EINTR { return false }
            default: return false
            }
        }
        return true
    }
}
