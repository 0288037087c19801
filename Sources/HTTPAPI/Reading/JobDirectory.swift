import Documents
import HTTPTypes
import Hummingbird
import Jobs
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
    func files() throws(Problem) -> [File] {
        do throws(Errno) {
            return try allFiles().sorted { $0.path < $1.path }
        } catch {
            let isMissing = error == .noSuchFileOrDirectory
            throw isMissing ? Problem.notFound("job \(location.job.id) here any more") : Problem(error)
        }
    }

    private func allFiles() throws(Errno) -> [File] {
        try files(in: fileSystem.open(location.path, in: spool.root, .jobDirectory), below: "", depth: 0)
    }

    private func files(in directory: OpenFile, below prefix: String, depth: Int) throws(Errno) -> [File] {
        let names = try DirectoryListing.names(in: ".", of: directory).filter { !$0.hasPrefix(".") }
        var files: [File] = []
        for name in names where files.count < Self.filesMax {
            files += try entry(name, in: directory, below: prefix, depth: depth)
        }
        return files
    }

    private func entry(
        _ name: String,
        in directory: OpenFile,
        below prefix: String,
        depth: Int
    ) throws(Errno) -> [File] {
        let entry = try fileSystem.open(name, in: directory, .read)
        let status = try fileSystem.status(of: entry)
        if status.kind == .regular { return [File(path: prefix + name, size: status.size)] }
        if status.kind != .directory || depth >= Self.depthMax { return [] }
        return try files(in: entry, below: "\(prefix)\(name)/", depth: depth + 1)
    }

    /// Opens a regular file by the names that lead to it.
    ///
    /// - Throws: ``Problem``: 404 when a name is not there, leads out of the directory, or is a link.
    func open(_ path: [String]) throws(Problem) -> OpenFile {
        let shown = path.joined(separator: "/")
        let isPlain = path.allSatisfy { !$0.isEmpty && !$0.hasPrefix(".") && !$0.contains("/") && !$0.contains("\0") }
        guard isPlain, (1...Self.depthMax).contains(path.count) else { throw Problem.notFound("file \(shown)") }
        let file: OpenFile?
        do throws(Errno) {
            file = try regularFile(path)
        } catch {
            let isMissing = [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(error)
            throw isMissing || error == .fileNameTooLong ? Problem.notFound("file \(shown)") : Problem(error)
        }
        guard let file else { throw Problem.notFound("file \(shown)") }
        return file
    }

    /// Nil for what is no regular file.
    private func regularFile(_ path: [String]) throws(Errno) -> OpenFile? {
        try regularFile(path[...], in: fileSystem.open(location.path, in: spool.root, .jobDirectory))
    }

    private func regularFile(_ path: ArraySlice<String>, in directory: OpenFile) throws(Errno) -> OpenFile? {
        guard let name = path.first else { return nil }
        let file = try fileSystem.open(name, in: directory, .read)
        if path.count > 1 { return try regularFile(path.dropFirst(), in: file) }
        return try fileSystem.status(of: file).kind == .regular ? file : nil
    }
}
