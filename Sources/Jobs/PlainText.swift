/// The text of a file that people wrote with whatever program they have.
package enum PlainText {
    /// The text, from UTF-8 with or without a mark, or from UTF-16 or UTF-32 with theirs.
    ///
    /// - Parameter name: The file's, by whose ending an archive is told from a document.
    /// - Throws: ``TextFault`` that says what the file is instead, or which byte is wrong.
    package static func read(_ bytes: [UInt8], named name: String) throws(TextFault) -> String {
        if let kind = BinaryFile.kind(of: bytes, named: name) { throw TextFault("it is \(kind), not a text") }
        let decoded = try TextEncoding.utf8(bytes)
        if let fault = TextFault(decoded) { throw fault }
        return String(decoding: decoded, as: UTF8.self)
    }
}
