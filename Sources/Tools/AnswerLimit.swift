package import Documents
import Jobs

/// Limits a tool's answer to a model: a longer one is cut to its beginning and end, with the path of the whole.
package enum AnswerLimit {
    /// Bytes, where the tool has no `answer_max`.
    package static let standard = 64 << 10
    /// The least and the most that `answer_max` may be, in bytes.
    package static let range = 1_000...(16 << 20)

    /// The answer that the model gets for `output`; a file keeps the whole output when it is too long.
    ///
    /// - Parameters:
    ///   - limit: The limit of the answer, in bytes.
    ///   - step: The step's path.
    package static func told(_ output: JSON, limit: Int, step: String, in paths: ArtifactPaths) -> JSON {
        let text = output.string ?? output.text
        if text.utf8.count <= limit { return output }
        let bytes = Array(text.utf8)
        let place: String
        do throws(Failure) {
            let ending = output.string == nil ? "json" : "txt"
            place = "is in the file " + (try ArtifactFile.write(bytes, of: step, ending: ending, in: paths))
        } catch {
            // The tool has done its work, and must not be called again for this.
            place = "could not be kept: \(error.message)"
        }
        return .string(shortened(bytes, limit: limit, place: place))
    }

    /// Three quarters of the limit from the beginning, where most answers say what they are, and the rest from the end.
    private static func shortened(_ bytes: [UInt8], limit: Int, place: String) -> String {
        let head = String(decoding: bytes.prefix(limit * 3 / 4), as: UTF8.self).trimmingBrokenEnd
        let tail = String(decoding: bytes.suffix(limit / 4).drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
        let missing = bytes.count - head.utf8.count - tail.utf8.count
        return """
            \(head)
            [… \(missing) bytes are left out here; the whole answer of \(bytes.count) bytes \(place) …]
            \(tail)
            """
    }
}

extension String {
    /// Without the replacement characters that stand for a character that was cut.
    fileprivate var trimmingBrokenEnd: String {
        var text = self
        while text.unicodeScalars.last == "\u{FFFD}" { text.unicodeScalars.removeLast() }
        return text
    }
}
