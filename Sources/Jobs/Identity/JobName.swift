import Documents

/// The name of a job's directory: `<ULID>-<dropped file's name>`.
package struct JobName: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let id: JobID
    /// The dropped file's name, made fit for a directory's name.
    package let drop: String
    /// The directory's name.
    package let description: String

    /// The most bytes that are kept of a drop's name: NAME_MAX less the id and the due time in `deferred/`.
    package static let dropBytesMax = 200

    /// The name of the job that a drop becomes.
    ///
    /// Control characters and bytes that are no UTF-8 become `_`; a long name loses its middle, never its ending.
    package init(id: JobID, dropName: some Collection<UInt8>) {
        self.id = id
        let isOrdinary = dropName.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "/") }
        let text = String(decoding: dropName, as: UTF8.self)
        drop = Self.shortened(isOrdinary ? text : Self.fit(text))
        description = "\(id.text)-\(drop)"
    }

    /// Reads a directory's name; nil when it is not a job's.
    package init?(_ name: some StringProtocol) {
        let bytes = name.utf8
        guard bytes.count > JobID.length + 1,
            let dash = bytes.index(bytes.startIndex, offsetBy: JobID.length, limitedBy: bytes.endIndex),
            bytes[dash] == UInt8(ascii: "-"), let id = JobID(name[..<dash])
        else { return nil }
        self.id = id
        drop = String(name[bytes.index(after: dash)...])
        description = String(name)
    }

    package static func == (left: JobName, right: JobName) -> Bool { left.description == right.description }

    package func hash(into hasher: inout Hasher) { hasher.combine(description) }

    package static func < (left: JobName, right: JobName) -> Bool { left.description < right.description }

    /// The ending of the drop's name with its dot, or nothing; the drop in the directory is named `job` and this
    /// ending.
    package var ending: String {
        guard let dot = drop.lastIndex(of: "."), dot != drop.startIndex, drop[dot...].utf8.count <= 20 else {
            return ""
        }
        return String(drop[dot...])
    }

    private static func fit(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { scalar in
            let isUnfit = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar == "/"
            return isUnfit || scalar == "\u{FFFD}" ? "_" : Character(scalar)
        }
        return String(scalars)
    }

    private static func shortened(_ name: String) -> String {
        guard name.utf8.count > dropBytesMax else { return name }
        let ending =
            name.lastIndex(of: ".").map { name[$0...] }.flatMap { $0.utf8.count <= 20 ? String($0) : nil } ?? ""
        var kept = ""
        for character in name {
            guard kept.utf8.count + character.utf8.count + ending.utf8.count < dropBytesMax else { break }
            kept.append(character)
        }
        return kept + "~" + ending
    }
}
