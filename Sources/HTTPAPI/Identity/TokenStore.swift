import Daemon
package import Documents
import Glibc
import Spool
import SystemPackage

/// The file with the tokens, as the command line changes it.
package struct TokenStore: Sendable {
    /// The absolute path.
    package let path: String

    private var fileSystem: LinuxFileSystem { LinuxFileSystem() }
    private var name: String { String(path.split(separator: "/").last ?? "tokens") }
    private var directory: String { String(path.dropLast(name.utf8.count)) }

    /// The file that the configuration names.
    ///
    /// - Throws: `DocumentError` when it names none, or a credential of systemd, whose source it does not know.
    package init(configuration path: String) throws(DocumentError) {
        let configuration = try ConfigurationFile.load(path)
        switch configuration.api.tokens {
        case .file(let file): self.path = file
        case .credential(let name):
            throw DocumentError(
                document: path,
                path: ["api", "tokens"],
                reason: "\(name) is a credential of systemd; name its file with --file"
            )
        case nil:
            throw DocumentError(
                document: path,
                path: ["api", "tokens"],
                reason: "no file of tokens is configured; add tokens: {file: tokens} there, or name one with --file"
            )
        }
    }

    package init(path: String) { self.path = path }

    /// The tokens; none when there is no file.
    ///
    /// - Throws: `DocumentError` for a line that is wrong; `SpoolError`.
    package func read() throws -> TokenTable { try table(text()) }

    /// Adds a token; it is on disk when this returns, and counts from the daemon's next reload on.
    ///
    /// - Parameters:
    ///   - queues: The only queues that it may submit to; none for all.
    ///   - secret: 32 bytes that no other program can guess.
    /// - Returns: The token, whose hash alone is kept.
    /// - Throws: `DocumentError` when the name is taken or wrong; `SpoolError`.
    package func add(_ name: String, _ role: Role, queues: [String], secret: [UInt8]) throws -> String {
        // A line that begins with # would be no token.
        guard name.isPlainName(with: "._-", limit: 64) else {
            throw DocumentError(document: path, reason: "a token's name has letters, digits, ., - and _, 64 at most")
        }
        let token = "ast_\(Self.base64URL(secret))"
        try change { text in
            let hash = SHA256.hash(Array(token.utf8)).hexadecimal
            let fields = [name, role.rawValue, hash] + (queues.isEmpty ? [] : [queues.joined(separator: ",")])
            let separator = text.isEmpty || text.hasSuffix("\n") ? "" : "\n"
            return "\(text)\(separator)\(fields.joined(separator: " "))\n"
        }
        return token
    }

    /// Removes a token's line; the change is on disk when this returns, and counts from the daemon's next reload on.
    ///
    /// - Returns: Whether the token was there.
    /// - Throws: `DocumentError` for a line that is wrong; `SpoolError`.
    package func revoke(_ name: String) throws -> Bool {
        if try !read().entries.contains(where: { $0.name == name }) { return false }
        try change { text in
            text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
                line.split(whereSeparator: { $0 == " " || $0 == "\t" }).first.map(String.init) != name
            }.joined(separator: "\n")
        }
        return true
    }

    private func table(_ text: String) throws -> TokenTable {
        do throws(TokenTable.Fault) {
            return try TokenTable(text)
        } catch {
            throw DocumentError(document: path, reason: "\(error)")
        }
    }

    private func text() throws -> String {
        do throws(Errno) {
            let parent = try fileSystem.open(directory, in: nil, .directory)
            return String(decoding: try fileSystem.contents(ofFileNamed: name, in: parent) ?? [], as: UTF8.self)
        } catch {
            throw SpoolError("reading the tokens in \(path)", error)
        }
    }

    /// Writes the changed text under another name and renames it, while no other command changes the file.
    private func change(_ edit: (String) -> String) throws {
        do {
            let parent = try fileSystem.open(directory, in: nil, .directory)
            // Released when the descriptor is closed.
            while flock(parent.descriptor, LOCK_EX) != 0 {
                if errno != EINTR { throw Errno(rawValue: errno) }
            }
            let text = edit(try text())
            _ = try table(text)
            let aside = ".\(name).new"
            try fileSystem.removeIfPresent(aside, in: parent)
            let file = try fileSystem.open(aside, in: parent, .create, mode: 0o600)
            try fileSystem.writeAll(Array(text.utf8), to: file)
            try keepOwner(of: parent, for: file)
            try Durability.syncNow(file, fileSystem)
            try fileSystem.rename(aside, in: parent, to: name, in: parent)
            try Durability.syncNow(parent, fileSystem)
        } catch let error as Errno {
            throw SpoolError("writing the tokens into \(path)", error)
        }
    }

    /// Lets the daemon's user read what root writes: the file belongs to the user that the last one, else the directory,
    /// belongs to.
    private func keepOwner(of parent: OpenFile, for file: OpenFile) throws(Errno) {
        var status = stat()
        if geteuid() != 0 { return }
        guard fstatat(parent.descriptor, name, &status, 0) == 0 || fstat(parent.descriptor, &status) == 0,
            fchown(file.descriptor, status.st_uid, status.st_gid) == 0
        else { throw Errno(rawValue: errno) }
    }

    /// RFC 4648, section 5, without padding.
    static func base64URL(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        var (text, bits, count) = ("", 0, 0)
        for byte in bytes {
            bits = bits << 8 & 0xFFFF | Int(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[bits >> count & 63])
            }
        }
        if count > 0 { text.append(alphabet[bits << (6 - count) & 63]) }
        return text
    }
}
