import Documents
import HTTPTypes
import Hummingbird
import Spool
import SystemPackage

/// The files of one job's directory, opened name by name: no path of a request leads out of it.
struct JobDirectory {
    struct File {
        var path: String
        var size: Int
    }

    private static let depthMax = 8
    private static let filesMax = 10_000

    private let spool: SpoolRoot
    private let location: JobLocation

    init(_ spool: SpoolRoot, _ location: JobLocation) { (self.spool, self.location) = (spool, location) }

    private var fileSystem: any FileSystem { spool.fileSystem }

    /// Every regular file, by its path in the directory; ten thousand at most.
    func files() throws -> [File] {
        var files: [File] = []
        do throws(Errno) {
            try collect(in: fileSystem.open(location.path, in: spool.root, .jobDirectory), "", 0, &files)
        } catch .noSuchFileOrDirectory {
            throw Problem.notFound("job \(location.job.id) here any more")
        }
        return files.sorted { $0.path < $1.path }
    }

    private func collect(
        in directory: OpenFile,
        _ prefix: String,
        _ depth: Int,
        _ files: inout [File]
    ) throws(Errno) {
        for name in try DirectoryListing.names(in: ".", of: directory) where !name.hasPrefix(".") {
            if files.count >= Self.filesMax { return }
            let entry = try fileSystem.open(name, in: directory, .read)
            let status = try fileSystem.status(of: entry)
            switch status.kind {
            case .regular: files.append(File(path: prefix + name, size: Int(status.size)))
            case .directory where depth < Self.depthMax:
                try collect(in: entry, "\(prefix)\(name)/", depth + 1, &files)
            default: break
            }
        }
    }

    /// Opens a regular file by the names that lead to it.
    ///
    /// - Throws: ``Problem``: 404 when a name is not there, leads out of the directory, or is a link.
    func open(_ path: [String]) throws -> OpenFile {
        let shown = path.joined(separator: "/")
        let isPlain = path.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.contains("/") && !$0.contains("\0") }
        guard isPlain, (1...Self.depthMax).contains(path.count) else { throw Problem.notFound("file \(shown)") }
        do throws(Errno) {
            var file = try fileSystem.open(location.path, in: spool.root, .jobDirectory)
            for name in path { file = try fileSystem.open(name, in: file, .read) }
            if try fileSystem.status(of: file).kind == .regular { return file }
        } catch .noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels, .fileNameTooLong {
            // Below.
        }
        throw Problem.notFound("file \(shown)")
    }
}
