package import Jobs
import OrderedCollections

/// Writes what became of a batch's lines, from the history: every line in one of two files, in the order of the input.
package struct BatchResults: Sendable {
    package static let outputFile = "output.jsonl"
    package static let errorFile = "errors.jsonl"
    /// In bytes; so much is written at a time.
    private static let pieceSize = 1 << 18

    private let file: BatchFile
    private let job: JobID
    private let archive: any StepArchive

    package init(_ file: BatchFile, job: JobID, archive: any StepArchive) {
        (self.file, self.job, self.archive) = (file, job, archive)
    }

    /// Writes both files, in place of those of an earlier run; the error file only when a line failed.
    ///
    /// - Parameter unsettled: Why lines without an outcome have none.
    /// - Returns: The job's output: the counts, and the names of the files.
    /// - Throws: What the archive and the file's source throw.
    package func write(unsettled: BatchOutcome.Unsettled) async throws -> JSON {
        var counts = BatchCounts()
        var output = Buffer(file: try await archive.makeFile(Self.outputFile))
        var errors = Buffer(file: try await archive.makeFile(Self.errorFile))
        for index in 0..<file.count {
            let line = try await file.line(at: index)
            let outcome = try await outcome(of: line) ?? .unsettled(unsettled)
            counts.add(outcome, line.dialect)
            let text = line.resultLine(outcome, job: job)
            if outcome.isSuccess { try await output.add(text) } else { try await errors.add(text) }
        }
        try await output.finish()
        if counts.failed > 0 { try await errors.finish() } else { try await errors.file.discard() }
        return JSON(members: [
            ("request_counts", counts.json), ("output_file", .string(Self.outputFile)),
            ("error_file", counts.failed == 0 ? nil : .string(Self.errorFile)),
        ])
    }

    private func outcome(of line: BatchLine) async throws -> BatchOutcome? {
        guard archive.entry(of: line.path)?.isSettled == true else { return nil }
        if case .fault(let fault) = line.request { return .fault(fault) }
        switch try await archive.outcome(of: line.path) {
        case .stepCompleted(let completion): return .succeeded(completion.output ?? .null)
        case .stepFailed(let failed): return .failed(failed.failure)
        default: throw Failure(.permanent, "the history does not say what became of line \(line.number)")
        }
    }

    private struct Buffer {
        let file: any ResultFile
        private var bytes: [UInt8] = []

        init(file: any ResultFile) { self.file = file }

        mutating func add(_ line: JSON) async throws {
            bytes.append(json: line)
            bytes.append(UInt8(ascii: "\n"))
            if bytes.count >= BatchResults.pieceSize { try await flush() }
        }

        mutating func flush() async throws {
            try await file.append(bytes)
            bytes = []
        }

        mutating func finish() async throws {
            try await flush()
            try await file.finish()
        }
    }
}

/// The lines by what became of them, in the members of both providers.
private struct BatchCounts {
    private var total = 0
    private(set) var failed = 0
    /// Of the lines in Anthropic's form; nil without any.
    private var anthropic: OrderedDictionary<String, Int>?

    mutating func add(_ outcome: BatchOutcome, _ dialect: BatchLine.Dialect) {
        total += 1
        if !outcome.isSuccess { failed += 1 }
        if dialect == .anthropic {
            let types = ["processing", "succeeded", "errored", "canceled", "expired"]
            var counts = anthropic ?? OrderedDictionary(uniqueKeysWithValues: types.map { ($0, 0) })
            counts[outcome.anthropicType, default: 0] += 1
            anthropic = counts
        }
    }

    var json: JSON {
        var members: OrderedDictionary<String, JSON> = [
            "total": .int(Int64(total)), "completed": .int(Int64(total - failed)), "failed": .int(Int64(failed)),
        ]
        for (name, count) in anthropic ?? [:] { members[name] = .int(Int64(count)) }
        return .object(members)
    }
}
