/// Names the kind of a binary file by its first bytes.
package enum BinaryFile {
    private static let beginnings: [(bytes: [UInt8], name: String)] = [
        (Array("%PDF-".utf8), "a PDF document"), ([0x89, 0x50, 0x4E, 0x47], "a PNG image"),
        ([0xFF, 0xD8, 0xFF], "a JPEG image"), (Array("GIF8".utf8), "a GIF image"),
        ([0x49, 0x49, 0x2A, 0], "a TIFF image"), ([0x4D, 0x4D, 0, 0x2A], "a TIFF image"),
        ([0x1F, 0x8B], "a gzip archive"), ([0x42, 0x5A, 0x68], "a bzip2 archive"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz archive"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive"),
        ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "a 7-Zip archive"), (Array("Rar!".utf8), "a RAR archive"),
        ([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1], "an old Office document (.doc, .xls, .ppt) or an Outlook message"),
        ([0x7F, 0x45, 0x4C, 0x46], "a program (ELF)"), (Array("SQLite format 3".utf8), "an SQLite database"),
        (Array("OggS".utf8), "an Ogg recording"), (Array("ID3".utf8), "an MP3 recording"),
        (Array("PAR1".utf8), "a Parquet table"),
    ]

    /// Endings of documents that are zip archives inside.
    private static let archives = [
        ".docx": "a Word document", ".xlsx": "an Excel workbook", ".pptx": "a PowerPoint presentation",
        ".odt": "an OpenDocument text", ".ods": "an OpenDocument spreadsheet", ".epub": "an e-book",
    ]

    /// The kind of the file, such as `a PDF document`; nil for kinds that are not known here, and for text.
    package static func kind(of beginning: some Collection<UInt8>, named name: String) -> String? {
        if beginning.starts(with: [0x50, 0x4B, 3, 4]) || beginning.starts(with: [0x50, 0x4B, 5, 6]) {
            let ending = name.lastIndex(of: ".").map { name[$0...].lowercased() } ?? ""
            return archives[ending] ?? "a zip archive"
        }
        if beginning.starts(with: "RIFF".utf8) { return "a recording, a film or a WebP image (RIFF)" }
        if beginning.dropFirst(4).starts(with: "ftyp".utf8) { return "a film or an image (MP4, HEIC)" }
        return beginnings.first { beginning.starts(with: $0.bytes) }?.name
    }
}
