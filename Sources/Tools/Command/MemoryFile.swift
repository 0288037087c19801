import CLinux
import Documents
import Glibc
import SystemPackage

/// A nameless file in memory that holds a child's standard input.
///
/// A file and not a pipe: a child may leave its input unread, or read some of it, and no writer is left with a pipe
/// that has no reader. The child shares the file's offset, which is at the start.
enum MemoryFile {
    /// Makes a file of `bytes`, closed on exec; the caller closes it.
    ///
    /// - Throws: `Errno`, mostly for want of descriptors or memory.
    static func open(holding bytes: [UInt8]) throws(Errno) -> FileDescriptor {
        let number = clinux_memfd_create("agentspool-input")
        if number < 0 { throw Errno(rawValue: errno) }
        let file = FileDescriptor(rawValue: number)
        do {
            try file.writeAll(bytes)
            try file.seek(offset: 0, from: .start)
        } catch {
            try? file.close()
            throw error as? Errno ?? .ioError
        }
        return file
    }
}
