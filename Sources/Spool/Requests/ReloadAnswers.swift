package import Documents
import Jobs
import SystemPackage

/// The last answers of a node's daemon to requests to read its configuration again: `nodes/.<node>.reload.json`.
///
/// Only the daemon may write in `nodes/`, so no other process can answer for it.
package struct ReloadAnswers: Sendable {
    /// The most answers that are kept; fewer wait to be read at any time.
    private static let answersMax = 32
    /// In bytes; larger than that many answers of the greatest length.
    private static let bytesMax = 16 << 20

    private let node: String
    private let spool: SpoolRoot
    private var answers: [(request: String, answer: JSON)] = []

    package init(of node: String, in spool: SpoolRoot) { (self.node, self.spool) = (node, spool) }

    private static func name(of node: String) -> String { ".\(node).reload.json" }

    /// Whether the request, a file in `control/`, was answered.
    package func contains(_ request: String) -> Bool { answers.contains { $0.request == request } }

    /// Answers requests; every process can read the answer when this returns. Blocking.
    ///
    /// - Throws: ``SpoolError``; then the answer is not published, and the next call publishes it, too.
    package mutating func add(_ answer: JSON, to requests: [String]) throws(SpoolError) {
        answers += requests.map { ($0, answer) }
        answers = answers.suffix(Self.answersMax)
        let json = JSON(members: [
            ("last", answer),
            (
                "answers",
                .array(answers.map { ["request": .string($0.request), "answer": $0.answer] })
            ),
        ])
        let name = Self.name(of: node)
        try doing("writing nodes/\(name)") { () throws(Errno) in
            let nodes = try spool.directory(SpoolLayout.nodes)
            try spool.fileSystem.removeIfPresent("\(name).new", in: nodes)
            let file = try spool.fileSystem.open("\(name).new", in: nodes, .create, mode: 0o644)
            try spool.fileSystem.writeAll(Array((json.text + "\n").utf8), to: file)
            try spool.fileSystem.rename("\(name).new", in: nodes, to: name, in: nodes)
        }
    }

    /// Removes the answers of an earlier daemon of this name. Blocking.
    package func clear() throws(SpoolError) {
        let name = Self.name(of: node)
        try doing("removing nodes/\(name)") { () throws(Errno) in
            try spool.fileSystem.removeIfPresent(name, in: spool.directory(SpoolLayout.nodes))
        }
    }

    /// The answer to a request; nil while there is none.
    package static func answer(to request: String, of node: String, in spool: SpoolRoot) throws(SpoolError) -> JSON? {
        try read(of: node, in: spool)?["answers"]?.array?.last { $0["request"]?.string == request }?["answer"]
    }

    /// The outcome of a node's last reload, by a signal or a request; nil when there was none since its start.
    package static func last(of node: String, in spool: SpoolRoot) throws(SpoolError) -> JSON? {
        try read(of: node, in: spool)?["last"]
    }

    private static func read(of node: String, in spool: SpoolRoot) throws(SpoolError) -> JSON? {
        let name = name(of: node)
        let bytes = try doing("reading nodes/\(name)") { () throws(Errno) -> [UInt8]? in
            do throws(Errno) {
                let file = try spool.fileSystem.openPlain(name, in: spool.directory(SpoolLayout.nodes))
                return try spool.fileSystem.contents(of: file, limit: bytesMax)
            } catch .noSuchFileOrDirectory {
                return nil
            }
        }
        return bytes.flatMap { try? JSONParser.parse($0) }
    }
}
