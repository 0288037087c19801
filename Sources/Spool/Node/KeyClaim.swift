import Documents
package import Jobs
import SystemPackage

/// Which job holds an idempotency key, and for what input: a line of the key's file in `keys/`.
package struct KeyClaim: Sendable, Equatable {
    package var job: JobID
    /// A digest of what the job asks for; nil in files of earlier versions.
    package var inputSHA256: String?

    package init(job: JobID, inputSHA256: String?) { (self.job, self.inputSHA256) = (job, inputSHA256) }

    /// Reads the first line of a key's file that names a job; nil when there is none.
    init?(first bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
            guard let job = words.first.flatMap({ JobID($0) }) else { continue }
            // A digest that a full disk cut short is ignored.
            let digest = words.count > 1 && words[1].utf8.count == 64 ? words[1] : nil
            self.init(job: job, inputSHA256: digest)
            return
        }
        return nil
    }

    var line: String { inputSHA256.map { "\(job) \($0)" } ?? "\(job)" }

    /// Whether both ask for the same; true when a digest is missing.
    package func asksTheSame(as other: KeyClaim) -> Bool {
        guard let inputSHA256, let digest = other.inputSHA256 else { return true }
        return inputSHA256 == digest
    }

    static func fileName(of key: String) -> String { SHA256.hash(Array(key.utf8)).hexadecimal }

    static func directory(of key: String) -> String { "\(SpoolLayout.keys)/\(fileName(of: key).prefix(2))" }
}

extension SpoolRoot {
    /// The job that holds an idempotency key; nil when no job holds it, or the user may not read it.
    package func claim(of key: String) throws(SpoolError) -> KeyClaim? {
        try doing("looking for the key in \(SpoolLayout.keys)/") { () throws(Errno) in
            do throws(Errno) {
                let name = "\(KeyClaim.directory(of: key))/\(KeyClaim.fileName(of: key))"
                return KeyClaim(first: try fileSystem.contents(of: fileSystem.open(name, in: root, .read)))
            } catch .noSuchFileOrDirectory {
                return nil
            } catch .permissionDenied {
                return nil
            }
        }
    }
}
