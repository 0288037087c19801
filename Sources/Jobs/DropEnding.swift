/// The ending of a dropped file's name, by which the kind of a drop is told.
package enum DropEnding {
    /// Endings that editors and mail programs put behind the one that was meant: Notepad makes `job.json.txt`.
    private static let added = ".txt"
    private static let known = [".json", ".yaml", ".yml", ".jsonl", ".ndjson", ".jsonlines", ".csv", ".tsv"]
    package static let batch: Set<String> = [".jsonl", ".ndjson", ".jsonlines"]
    package static let table: Set<String> = [".csv", ".tsv"]

    /// In lower case and with its dot; white space behind it does not count, nor does a `.txt` behind one that says
    /// more. Empty when there is none.
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
