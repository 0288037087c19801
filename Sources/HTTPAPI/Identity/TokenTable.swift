import Documents

/// The tokens that the API takes. Only their hashes are stored: a copy of the file lets no one in.
package struct TokenTable: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var role: Role
        /// The token's SHA-256 as 64 lower-case hexadecimal digits in ASCII.
        package var hash: [UInt8]
        /// The only queues that it may submit to; nil for all.
        package var queues: Set<String>?
    }

    /// What is wrong with a line of the file.
    package struct Fault: Error, CustomStringConvertible {
        package let line: Int
        package let reason: String

        package var description: String {
            "line \(line): \(reason); each line is NAME ROLE[,ROLE] SHA256 [queue,queue], as agentspool token new writes it"
        }
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    /// Reads the file's text; empty lines and lines that begin with # are left out.
    package init(_ text: String) throws(Fault) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r\n" || $0 == "\r" })
            guard let first = fields.first, !first.hasPrefix("#") else { continue }
            entries.append(try Self.entry(fields.map(String.init), line: index + 1))
            let name = entries[entries.count - 1].name
            if entries.dropLast().contains(where: { $0.name == name }) {
                throw Fault(line: index + 1, reason: "the name \(name) was there before")
            }
        }
    }

    private static func entry(_ fields: [String], line: Int) throws(Fault) -> Entry {
        guard (3...4).contains(fields.count) else { throw Fault(line: line, reason: "it has \(fields.count) fields") }
        guard fields[0].isPlainName(with: "._-", limit: 64) else {
            throw Fault(line: line, reason: "a token's name has letters, digits, ., - and _, 64 at most")
        }
        var roles: [Role] = []
        for word in fields[1].split(separator: ",") {
            guard let role = Role(rawValue: String(word)) else {
                let known = Role.allCases.map(\.rawValue).joined(separator: ", ")
                throw Fault(line: line, reason: "there is no role \(word); there are \(known)")
            }
            roles.append(role)
        }
        guard let role = roles.max() else { throw Fault(line: line, reason: "it has no role") }
        let hash = Array(fields[2].lowercased().utf8)
        let digits = Set("0123456789abcdef".utf8)
        guard hash.count == 64, hash.allSatisfy(digits.contains) else {
            throw Fault(line: line, reason: "the third field is no SHA-256 in 64 hexadecimal digits")
        }
        let queues = fields.count == 4 ? Set(fields[3].split(separator: ",").map(String.init)) : nil
        return Entry(name: fields[0], role: role, hash: hash, queues: queues)
    }

    /// The entry of a token.
    ///
    /// Hashes are compared in constant time, and all of them, so that the time says nothing of how near a guess was.
    package func entry(of token: String) -> Entry? {
        let hash = SHA256.hash(Array(token.utf8)).hexadecimalBytes(of: 32)
        var found: Entry?
        for entry in entries {
            var difference: UInt8 = 0
            for (one, other) in zip(entry.hash, hash) { difference |= one ^ other }
            if difference == 0 { found = entry }
        }
        return found
    }
}
