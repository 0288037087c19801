package import Jobs
import SystemPackage

/// What a node's daemon answered those who asked it to read its configuration again, the last ones of its life:
/// `nodes/.<node>.reload.json`.
///
/// In `nodes/`, where none but the daemon may write, so that nothing else can answer for it.
package struct ReloadAnswers: Sendable {
    /// Answers that are kept: more than ever wait to be read.
    private static let answersMax = 32
    /// More than so many answers take, each as long as one may be.
    private static let bytesMax = 16 << 20

    private let node: String
    private let spool: SpoolRoot
    private var answers: [(request: String, answer: JSON)] = []

    package init(of node: String, in spool: SpoolRoot) { (self.node, self.spool) = (node, spool) }

    private static func name(of node: String) -> String { ".\(node).reload.json" }

    /// Whether the request, a file in `control/`, was answered.
    package func contains(_ request: String) -> Bool { answers.contains { $0.request == request } }

    /// Answers requests, for all to see when this returns. Blocking.
    ///
    /// - Throws: ``SpoolError``; then no one was told, and the answer is told with the next one.
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

    /// Forgets what an earlier daemon of this name answered. Blocking.
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

    /// What came of the last reload of a node, by a signal or a request; nil when there was none since its start.
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
