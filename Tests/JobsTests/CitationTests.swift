import Documents
import Foundation
import Testing

/// Holds citations of the pages in docs/ against these pages.
@Suite struct CitationTests {
    /// A place in a page that a comment or a test names.
    private struct Citation {
        /// The page's name in docs/.
        var page: String
        var anchor: String?
        /// `section` or `rule`.
        var kind: String?
        var number: String?
    }

    /// What can be cited of a page.
    private struct Page {
        var sections: Set<String> = []
        var rules: Set<String> = []
        var anchors: Set<String> = []

        init(_ text: String) {
            var isCode = false
            for line in text.split(separator: "\n") {
                if line.hasPrefix("```") { isCode.toggle() }
                if isCode || !line.hasPrefix("#") { continue }
                let heading = line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces)
                if let match = heading.prefixMatch(of: /(\d+)\.\s/) { sections.insert(String(match.output.1)) }
                if let match = heading.prefixMatch(of: /Rule (\d+):/) { rules.insert(String(match.output.1)) }
                anchors.insert(Self.anchor(heading))
            }
        }

        /// A heading's anchor, as GitHub makes it.
        private static func anchor(_ heading: String) -> String {
            let kept = heading.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
            return String(kept.map { $0 == " " ? "-" : $0 })
        }

        func has(_ citation: Citation) -> Bool {
            if let anchor = citation.anchor { return anchors.contains(anchor) }
            guard let number = citation.number else { return true }
            return citation.kind == "rule" ? rules.contains(number) : sections.contains(number)
        }
    }

    private static let directories = ["Sources", "Tests", "Proofs", "packaging", "scripts"]

    private static func citations(in text: String) -> [Citation] {
        // A citation may go on in the comment's next line.
        let text = text.replacing(/\n[ \t]*(?:\/\/\/?|#)?[ \t]*/, with: " ")
        return text.matches(of: /docs\/([\w\/-]+\.md)(?:#([\w-]+)|, (section|rule) (\d+))?/).map { match in
            Citation(
                page: String(match.output.1),
                anchor: match.output.2.map { String($0) },
                kind: match.output.3.map { String($0) },
                number: match.output.4.map { String($0) }
            )
        }
    }

    /// What is wrong with the citations in a text; their number.
    private static func check(_ text: String) -> (faults: [String], count: Int) {
        let citations = citations(in: text)
        let faults = citations.compactMap { citation -> String? in
            guard let page = try? Checkout.text("docs/\(citation.page)") else { return "no page \(citation.page)" }
            if Page(page).has(citation) { return nil }
            let place = citation.anchor ?? "\(citation.kind ?? "") \(citation.number ?? "")"
            return "no \(place) in \(citation.page)"
        }
        return (faults, citations.count)
    }

    @Test func `every citation names a page that is there, and a section, rule or heading of it`() throws {
        var faults: [String] = []
        var count = 0
        for directory in Self.directories {
            let root = "\(Checkout.path)/\(directory)"
            for name in try FileManager.default.subpathsOfDirectory(atPath: root).sorted() {
                // Neither a directory nor a file that is no text.
                guard let text = try? String(contentsOfFile: "\(root)/\(name)", encoding: .utf8),
                    text.contains("docs/")
                else { continue }
                let found = Self.check(text)
                faults += found.faults.map { "\(directory)/\(name): \($0)" }
                count += found.count
            }
        }
        #expect(faults == [])
        #expect(count > 20)
    }

    @Test(arguments: [
        ("no-such-page.md", 1), ("formats.md, section 99", 1), ("filesystem-rules.md, rule 99", 1),
        ("formats.md, rule 1", 1), ("formats.md#no-such-heading", 1), ("formats.md,\n    /// section 99", 1),
        ("formats.md, section 5", 0), ("filesystem-rules.md, rule 15", 0), ("formats.md#5-the-history", 0),
        ("formats.md", 0),
    ])
    func `a citation of what is not there is found`(citation: String, faults: Int) {
        // In two parts, so that the other test does not take it for a citation of its own.
        #expect(Self.check("// see docs" + "/\(citation)").faults.count == faults)
    }

    @Test func `the rules of the filesystem code name sources that are there`() throws {
        let rules = try Checkout.text("docs/filesystem-rules.md")
        let paths = Set(rules.matches(of: /Sources\/[\w\/+]+\.\w+/).map { String($0.output) })
        let missing = paths.filter { !FileManager.default.fileExists(atPath: "\(Checkout.path)/\($0)") }
        #expect(paths.count > 20 && missing.sorted() == [])
    }
}
