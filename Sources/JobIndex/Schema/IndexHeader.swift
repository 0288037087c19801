import Documents

/// What a file is by its first bytes, which are read before SQLite opens it: opening changes a file.
///
/// The layout is that of SQLite's "Database File Format", section 1.3.
enum IndexHeader: Equatable {
    /// Nothing in it yet: a new database.
    case empty
    /// A database that this program made.
    case ours
    /// A database of another program.
    case foreign
    /// No SQLite database at all.
    case noDatabase

    static let length = 100
    /// `ASPL` in ASCII: marks a database as an index of this program.
    static let applicationID: UInt32 = 0x4153_504C

    private static let magic = Array("SQLite format 3\0".utf8)
    private static let applicationIDOffset = 68
    /// In bytes. A database of one page has no table; ours has one page between its creation and its schema.
    private static let smallestPage = 4_096

    init(_ bytes: [UInt8], fileSize: Int64) {
        if fileSize == 0 {
            self = .empty
        } else if bytes.count < Self.length || !bytes.starts(with: Self.magic) {
            self = .noDatabase
        } else {
            let id = bytes[Self.applicationIDOffset..<Self.applicationIDOffset + 4].reduce(0) { $0 << 8 | UInt32($1) }
            let isBare = id == 0 && fileSize <= Self.smallestPage
            self = id == Self.applicationID ? .ours : isBare ? .empty : .foreign
        }
    }
}
