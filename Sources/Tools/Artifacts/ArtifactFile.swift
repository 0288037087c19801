import Documents
import Glibc
package import Jobs
import SystemPackage

/// A file that the daemon itself puts among a job's artifacts: an answer that is too long for the model, or an image.
///
/// Like the tool's own files there, it is on disk before the step is recorded as completed.
package enum ArtifactFile {
    /// Writes a new file; existing files stay as they are.
    ///
    /// Blocks until the bytes are in the page cache.
    ///
    /// - Parameters:
    ///   - step: The step's path, after which the file is named.
    ///   - ending: The extension of the file's name, without its dot.
    ///   - paths: The job's artifacts.
    /// - Returns: The file's path as the history records it.
    /// - Throws: ``Failure``, temporary: a disk may be full for a while.
    package static func write(
        _ bytes: [UInt8],
        of step: String,
        ending: String,
        in paths: ArtifactPaths
    ) throws(Failure) -> String {
        do {
            try ArtifactsDirectory.acquire(paths.directory)
            defer { ArtifactsDirectory.release(paths.directory) }
            for number in 1... {
                let name = fileName(step, number == 1 ? ending : "\(number).\(ending)")
                // A file of another attempt, or of the tool itself, stays as it is.
                guard let file = try create("\(paths.directory)/\(name)") else { continue }
                try file.closeAfter { _ = try file.writeAll(bytes) }
                return ArtifactPaths.prefix + name
            }
            throw Errno.fileExists
        } catch {
            throw Failure(
                .temporary,
                "a file for the answer of step \(step) cannot be written: \((error as? Errno)?.description ?? "\(error)")",
                hint: "look at \(paths.directory)"
            )
        }
    }

    private static func create(_ path: String) throws -> FileDescriptor? {
        do {
            return try FileDescriptor.open(
                FilePath(path),
                .writeOnly,
                options: [.create, .exclusiveCreate, .closeOnExec, .noFollow],
                permissions: [.ownerReadWrite]
            )
        } catch Errno.fileExists {
            return nil
        }
    }

    private static func fileName(_ step: String, _ ending: String) -> String {
        let name = step.unicodeScalars.map { $0.properties.isAlphabetic || $0.isASCIIDigit ? Character($0) : "-" }
        return "\(String(name.prefix(60))).\(ending)"
    }
}

extension UnicodeScalar {
    fileprivate var isASCIIDigit: Bool { (0x30...0x39).contains(value) }
}
