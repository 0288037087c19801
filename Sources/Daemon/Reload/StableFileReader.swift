import Documents
import Jobs
import Spool
import SystemPackage

/// Reads a file that may have a writer, but not before it is complete, as far as can be known.
///
/// Half a configuration may be valid, with half of the queues. For a moment, an editor that writes in place leaves an
/// empty file, and one that renames leaves none.
struct StableFileReader {
    let path: String
    let fileSystem: any FileSystem
    let clock: any Clock<Duration>
    let wallClock: WallClock

    /// The wait between two looks.
    static let interval: Duration = .milliseconds(100)
    /// How long a file must have stayed unchanged where the kernel does not say whether it has a writer.
    static let restUntold: Duration = .seconds(1)
    /// How long it waits for a writer to end, and below for a missing file.
    static let patience: Duration = .seconds(5)
    static let patienceMissing: Duration = .seconds(2)

    /// The file's bytes.
    ///
    /// - Parameter limit: A larger file gives this many bytes and one more.
    /// - Throws: ``DocumentError`` naming the file, `CancellationError`.
    func bytes(limit: Int) async throws -> [UInt8] {
        var waited: Duration = .zero
        while true {
            var isMissing = false
            do throws(Errno) {
                if let bytes = try look(limit) { return bytes }
            } catch .noSuchFileOrDirectory {
                isMissing = true
            } catch .notSupported {
                throw DocumentError(document: path, reason: "is no regular file, and cannot be read again")
            } catch {
                throw DocumentError(document: path, reason: "cannot be read: \(error)")
            }
            if isMissing, waited >= Self.patienceMissing {
                throw DocumentError(document: path, reason: "there is no such file any more")
            }
            if waited >= Self.patience {
                throw DocumentError(
                    document: path,
                    reason: "is being written to since \(Self.patience.text); reload again when that has ended"
                )
            }
            try await clock.sleep(for: Self.interval)
            waited += Self.interval
        }
    }

    /// Nil while the file may have a writer.
    private func look(_ limit: Int) throws(Errno) -> [UInt8]? {
        let file = try fileSystem.open(path, in: nil, .followLinksAtOnce)
        let before = try fileSystem.status(of: file)
        if before.kind != .regular { throw .notSupported }
        switch hasNoWriter(file) {
        case false: return nil
        case nil where isFresh(before): return nil
        default: break
        }
        let bytes = try fileSystem.contents(of: file, limit: limit)
        // A file that was written to or replaced meanwhile is read again.
        let after = try fileSystem.status(of: fileSystem.open(path, in: nil, .followLinksAtOnce))
        return before == after ? bytes : nil
    }

    private func hasNoWriter(_ file: OpenFile) -> Bool? {
        fileSystem.isLocal(file) ? try? fileSystem.hasNoWriter(file) : nil
    }

    /// Whether the file changed just now; a time in the future was set by another clock.
    private func isFresh(_ status: FileStatus) -> Bool {
        let age = wallClock.now.milliseconds - status.modified / 1_000_000
        return (0..<Self.restUntold.wholeMilliseconds).contains(age)
    }
}
