import Documents

/// What one reading of a dropped batch file finds: the form and number of its requests, or why it is no batch.
package struct BatchOutline: Sendable {
    /// The most bytes of a text in UTF-16 or UTF-32, which is held in memory as a whole to be decoded.
    package static let decodedMax = 32 << 20
    /// The most bytes of a request; a longer one is not read.
    package static let requestMax = 16 << 20

    package private(set) var form = BatchFormat.lines
    /// The number of requests, without blank lines and a table's heading.
    package private(set) var count = 0
    /// Why the file as a whole is no batch, as a sentence; known after ``end()``.
    package private(set) var rejection: String?

    private let fileName: String
    /// The file's first bytes, until its encoding is known.
    private var beginning: [UInt8]? = []
    /// The text so far, when it must be decoded as a whole.
    private var collected: [UInt8]?
    private var check = UTF8Check()
    /// The piece in which ``check`` found the first fault.
    private var faulty: [UInt8] = []
    private var json = JSONBatchOutline()
    private var table: TableBatchOutline?

    /// - Parameter fileName: The file's name; its ending says whether the file is a table or JSON.
    package init(fileName: String) {
        self.fileName = fileName
        if DropExtension.table.contains(DropExtension.of(fileName)) { table = TableBatchOutline(fileName: fileName) }
    }

    /// Takes the next piece of the file.
    package mutating func add(_ piece: [UInt8]) {
        guard var beginning else { return take(piece) }
        beginning += piece
        self.beginning = beginning
        if beginning.count >= 4 { begin() }
    }

    /// The file ends here.
    package mutating func end() {
        begin()
        if let bytes = collected {
            if bytes.count > Self.decodedMax {
                let most = "UTF-16 and UTF-32 are read up to \(Self.decodedMax) bytes"
                rejection = "\(most): convert it with iconv -f UTF-16 -t UTF-8"
                return
            }
            do throws(TextFault) { split(try TextEncoding.utf8(bytes)) } catch {
                rejection = "\(error)"
                return
            }
        }
        check.end()
        if let fault = check.fault {
            rejection = "\(TextFault(fault, in: faulty))"
        } else if var table {
            table.end()
            (form, count, rejection) = (table.form, table.count, table.rejection)
        } else {
            json.end()
            (form, count, rejection) = (json.form, json.count, json.rejection)
        }
    }

    private mutating func begin() {
        guard let bytes = beginning else { return }
        beginning = nil
        switch TextEncoding.marked(bytes)?.encoding {
        case .utf8:
            check.add(bytes)
            split(Array(bytes.dropFirst(3)))
        case nil: take(bytes)
        default: collected = bytes
        }
    }

    private mutating func take(_ piece: [UInt8]) {
        if let count = collected?.count {
            if count <= Self.decodedMax { collected?.append(contentsOf: piece) }
            return
        }
        guard check.fault == nil else { return }
        check.add(piece)
        if check.fault != nil { faulty = piece }
        split(piece)
    }

    private mutating func split(_ piece: [UInt8]) {
        if table != nil { table?.add(piece) } else { json.add(piece) }
    }
}
