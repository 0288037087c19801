import Jobs
import SystemPackage

/// A file of results in a job's directory, which is written aside and takes its name when it is whole.
package struct JobFile: Sendable {
    private let name: String
    private let job: OwnedJob
    private let node: SpoolNode
    private let file: OpenFile

    /// - Throws: ``SpoolError``.
    package init(_ name: String, in job: OwnedJob, of node: SpoolNode) async throws {
        (self.name, self.job, self.node) = (name, job, node)
        file = try await node.withFiles(of: job) { files in
            try await node.run {
                try doing("writing \(name) of \(job.name)") { () throws(Errno) in
                    try node.fileSystem.open(Self.aside(name), in: files.directory, .replace)
                }
            }
        }
    }

    private static func aside(_ name: String) -> String { ".\(name).new" }

    /// - Throws: ``SpoolError``.
    package func append(_ bytes: [UInt8]) async throws {
        try await run { () throws(Errno) in try node.fileSystem.writeAll(bytes, to: file) }
    }

    /// Puts it in the place of one of its name that may be there; synced when it returns.
    ///
    /// - Throws: ``SpoolError``, ``SyncFailure``.
    package func finish() async throws {
        try await node.durability.sync(files: [file])
        try await node.withFiles(of: job) { files in
            try await run { () throws(Errno) in
                try node.fileSystem.rename(Self.aside(name), in: files.directory, to: name, in: files.directory)
            }
            try await node.durability.sync(directories: [files.directory])
        }
    }

    /// Removes it, and one of its name that may be there.
    ///
    /// - Throws: ``SpoolError``, ``SyncFailure``.
    package func discard() async throws {
        try await node.withFiles(of: job) { files in
            try await run { () throws(Errno) in
                try node.fileSystem.removeIfPresent(Self.aside(name), in: files.directory)
                try node.fileSystem.removeIfPresent(name, in: files.directory)
            }
            try await node.durability.sync(directories: [files.directory])
        }
    }

    private func run(_ body: @escaping @Sendable () throws(Errno) -> Void) async throws {
        try await node.run { try doing("writing \(name) of \(job.name)", body) }
    }
}
