package import Documents
import Jobs
import Spool
import SystemPackage

/// Finds and reads the configuration file.
package enum ConfigurationFile {
    /// The largest file that is read, in bytes.
    package static let sizeMax = 4 << 20

    /// `--config`, else the spool's own, else the system's.
    package static func path(explicit: String?, spool: String) -> String {
        if let explicit { return explicit }
        let own = "\(spool)/\(SpoolLayout.configuration)"
        let system = "/etc/agentspool/\(SpoolLayout.configuration)"
        return !isThere(own) && isThere(system) ? system : own
    }

    /// True also for a file that cannot be read: reading it reports why.
    static func isThere(_ path: String) -> Bool {
        do throws(Errno) {
            _ = try LinuxFileSystem().open(path, in: nil, .followLinks)
            return true
        } catch .noSuchFileOrDirectory {
            return false
        } catch {
            return true
        }
    }

    /// Reads the file's text.
    ///
    /// - Throws: `DocumentError` naming the file.
    package static func document(at path: String) throws(DocumentError) -> Document {
        let fileSystem = LinuxFileSystem()
        let bytes: [UInt8]
        do throws(Errno) {
            // Administrators may make the configuration a symbolic link.
            bytes = try fileSystem.contents(of: fileSystem.open(path, in: nil, .followLinks), limit: sizeMax)
        } catch .noSuchFileOrDirectory {
            throw DocumentError(document: path, reason: "there is no such file; agentspool init makes one")
        } catch {
            throw DocumentError(document: path, reason: "cannot be read: \(error)")
        }
        return try document(bytes, at: path)
    }

    private static func document(_ bytes: [UInt8], at path: String) throws(DocumentError) -> Document {
        guard bytes.count <= sizeMax else {
            throw DocumentError(document: path, reason: "is larger than \(sizeMax) bytes")
        }
        return try Document(bytes, format: .yaml, name: path)
    }

    /// Checks the whole file, which was read from `path`.
    ///
    /// - Throws: `DocumentError` with file, line, member and reason.
    static func configuration(_ bytes: [UInt8], at path: String) throws(DocumentError) -> SpoolConfiguration {
        try SpoolConfiguration(document(bytes, at: path), directory: directory(of: path))
    }

    /// Reads and checks the whole file.
    ///
    /// - Throws: `DocumentError` with file, line, member and reason.
    package static func load(_ path: String) throws(DocumentError) -> SpoolConfiguration {
        try SpoolConfiguration(document(at: path), directory: directory(of: path))
    }

    private static func directory(of path: String) -> String {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        return directory.isEmpty ? "/" : directory
    }

    /// The path of the index, relative to the configuration's directory: so a daemon and a command use the same file,
    /// wherever they are started.
    static func indexPath(_ configured: String, in directory: String) -> String {
        configured.hasPrefix("/") ? configured : "\(directory)/\(configured)"
    }

    /// The index's path in the configuration, even when another part of that is faulty; else the standard path.
    package static func indexPath(configuration path: String, spool: String) -> String {
        let configured = try? document(at: path).value["index"]?.string
        return configured.map { indexPath($0, in: directory(of: path)) } ?? IndexLocation.standard(spool: spool)
    }
}
