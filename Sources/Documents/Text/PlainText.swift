/// Reads text files that people wrote with any program.
package enum PlainText {
    /// Decodes UTF-8 with or without a byte order mark, or UTF-16 or UTF-32 with one.
    ///
    /// - Parameter name: The file's name; its ending tells a document from an archive.
    /// - Throws: ``TextFault`` that says what the file is instead, or which byte is wrong.
    package static func read(_ bytes: [UInt8], named name: String) throws(TextFault) -> String {
        if let kind = BinaryFile.kind(of: bytes, named: name) { throw TextFault("it is \(kind), not a text") }
        let decoded = try TextEncoding.utf8(bytes)
        if let fault = TextFault(decoded) { throw fault }
        return String(decoding: decoded, as: UTF8.self)
    }
}
