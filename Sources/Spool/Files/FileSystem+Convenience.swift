import Documents
package import SystemPackage

extension FileSystem {
    /// In bytes. A larger file is not read whole: no file that the spool reads whole has such a size.
    package static var contentsMax: Int { 1 << 31 }

    package func open(_ name: String, in directory: OpenFile?, _ flags: OpenFlags) throws(Errno) -> OpenFile {
        try open(name, in: directory, flags, mode: 0o600)
    }

    /// The whole file, or `limit` bytes and one more, so that the caller sees that there is more.
    package func contents(of file: OpenFile, limit: Int = Self.contentsMax) throws(Errno) -> [UInt8] {
        let size = try status(of: file).size
        if limit == Self.contentsMax, size > limit { throw .fileTooLarge }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(size, limit))
        while bytes.count <= limit {
            let count = min(max(size - bytes.count, 4_096), 1 << 20)
            let part = try read(file, at: bytes.count, count: count)
            bytes += part
            if part.isEmpty || Self.isEnd(part.count, of: count, at: bytes.count, size) { break }
        }
        return bytes
    }

    /// Reads the file piece by piece.
    ///
    /// - Parameters:
    ///   - size: The file's size, where the caller has just asked for it.
    ///   - limit: In bytes. A larger file is refused: a sparse file may claim any size.
    package func readPieces(
        of file: OpenFile,
        size known: Int? = nil,
        limit: Int = .max,
        _ body: ([UInt8]) throws(Errno) -> Void
    ) throws(Errno) {
        let size = if let known { known } else { try status(of: file).size }
        if size > limit { throw .fileTooLarge }
        var offset = 0
        while true {
            // Most files are small: allocate no more than they need.
            let count = min(max(size - offset, 4_096), 1 << 18)
            let piece = try read(file, at: offset, count: count)
            if piece.isEmpty { return }
            offset += piece.count
            try body(piece)
            if Self.isEnd(piece.count, of: count, at: offset, size) { return }
        }
    }

    /// Whether a read that ends at `offset` has come to the end of a file of this size. A shorter read than was asked for
    /// shows it: a file that has grown since would have filled it (read(2)).
    private static func isEnd(_ read: Int, of asked: Int, at offset: Int, _ size: Int) -> Bool {
        offset == size && read < asked
    }

    /// Opens a regular file to read; another process may have put something else in its place.
    ///
    /// - Throws: `EISDIR` for a directory, `ENOTSUP` for anything else but a regular file; the error of a syscall.
    package func openPlain(_ name: String, in directory: OpenFile) throws(Errno) -> OpenFile {
        let file = try open(name, in: directory, .read)
        switch try status(of: file).kind {
        case .regular: return file
        case .directory: throw .isDirectory
        case .symbolicLink, .other: throw .notSupported
        }
    }

    /// The whole file of that name, or nil when there is none.
    package func contents(ofFileNamed name: String, in directory: OpenFile) throws(Errno) -> [UInt8]? {
        do {
            return try contents(of: openPlain(name, in: directory))
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }

    /// Writes all bytes; a short write goes on, and fails with the error that made it short.
    package func writeAll(_ bytes: [UInt8], to file: OpenFile) throws(Errno) {
        var rest = bytes[...]
        while !rest.isEmpty { rest = rest.dropFirst(try write(rest, to: file, at: nil)) }
    }

    /// Writes a file, in place of one that may be there.
    ///
    /// - Returns: The file, still to be synced.
    package func replaceFile(_ name: String, in directory: OpenFile, with bytes: [UInt8]) throws(Errno) -> OpenFile {
        let file = try open(name, in: directory, .replace)
        try writeAll(bytes, to: file)
        return file
    }

    package func exists(_ name: String, in directory: OpenFile) throws(Errno) -> Bool {
        do {
            _ = try status(of: name, in: directory)
            return true
        } catch .noSuchFileOrDirectory {
            return false
        }
    }

    /// Makes the directory unless it is there.
    ///
    /// - Returns: Whether it was made, so that its parent must be synced.
    @discardableResult
    package func ensureDirectory(_ name: String, in directory: OpenFile, mode: UInt32) throws(Errno) -> Bool {
        do {
            try makeDirectory(name, in: directory, mode: mode)
            return true
        } catch .fileExists {
            return false
        }
    }

    package func removeIfPresent(_ name: String, in directory: OpenFile) throws(Errno) {
        do { try unlink(name, in: directory) } catch .noSuchFileOrDirectory {}
    }
}
