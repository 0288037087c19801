/// The ending of a dropped file's name, which tells the kind of the drop.
package enum DropExtension {
    /// The ending that editors and mail programs add to the intended one: Notepad makes `job.json.txt`.
    private static let added = ".txt"
    private static let known = [".json", ".yaml", ".yml", ".jsonl", ".ndjson", ".jsonlines", ".csv", ".tsv"]
    package static let batch: Set<String> = [".jsonl", ".ndjson", ".jsonlines"]
    package static let table: Set<String> = [".csv", ".tsv"]

    /// The ending in lower case with its dot; empty when there is none.
    ///
    /// White space after it is ignored, and so is a `.txt` after an ending of a document, a batch or a table.
    package static func of(_ name: String) -> String {
        var name = name.lowercased()[...]
        while let last = name.last, last.isWhitespace { name.removeLast() }
        let whole = ending(of: name)
        guard whole == added else { return String(whole) }
        let inner = ending(of: name.dropLast(added.count))
        return String(known.contains(String(inner)) ? inner : whole)
    }

    private static func ending(of name: Substring) -> Substring { name.lastIndex(of: ".").map { name[$0...] } ?? "" }
}
