import Testing

@testable import Documents

@Suite struct DropEndingTests {
    @Test(arguments: [
        ("a.json", ".json"), ("A.JSON", ".json"), ("a.YML", ".yml"), ("a.json.txt", ".json"), ("a.jsonl.TXT", ".jsonl"),
        ("a.json ", ".json"), ("a.ndjson", ".ndjson"), ("notes.txt", ".txt"), ("notes.md.txt", ".txt"), ("a", ""),
        ("a.csv\t", ".csv"), (".json", ".json"),
    ]) func `the intended ending counts`(name: String, ending: String) { #expect(DropExtension.of(name) == ending) }
}
