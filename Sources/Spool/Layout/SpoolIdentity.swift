package import Jobs
import SystemPackage

/// The spool's own id, in its file `spool.id`: it distinguishes spools with one configuration, and moves with them.
extension SpoolRoot {
    /// The id; nil for a spool of an earlier version that no daemon has run on since.
    package func identity() throws(SpoolError) -> String? {
        try doing("reading \(SpoolLayout.identity)") { () throws(Errno) in try readIdentity() }
    }

    /// Returns the id, and writes `new` as the id when there is none; durable when this returns.
    package func ensureIdentity(_ new: JobID) throws(SpoolError) -> String {
        try doing("making \(SpoolLayout.identity)") { () throws(Errno) in
            if let known = try readIdentity() { return known }
            let file: OpenFile
            do throws(Errno) {
                file = try fileSystem.open(SpoolLayout.identity, in: root, .create, mode: 0o644)
            } catch .fileExists {
                // Another node is just making it, or a crash left it empty.
                if let known = try readIdentity() { return known }
                file = try fileSystem.open(SpoolLayout.identity, in: root, .replace, mode: 0o644)
            }
            try fileSystem.writeAll(Array("\(new)\n".utf8), to: file)
            try Durability.syncNow(file, fileSystem)
            try Durability.syncNow(root, fileSystem)
            return new.text
        }
    }

    private func readIdentity() throws(Errno) -> String? {
        guard let bytes = try fileSystem.contents(ofFileNamed: SpoolLayout.identity, in: root) else { return nil }
        let text = String(decoding: bytes.prefix(64), as: UTF8.self)
        return JobID(text.prefix { !$0.isNewline })?.text
    }
}
