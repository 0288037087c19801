package import Documents
import Glibc
package import Jobs
import OrderedCollections

/// Converts the paths of a job's artifacts between absolute ones for tools and relative ones for the history.
///
/// A tool prints absolute paths; they break when the job's directory moves, to `held/` or to another node. The history
/// records paths relative to that directory, `artifacts/report.txt`. The next tool gets them as absolute paths again.
package struct ArtifactPaths: Sendable {
    /// What a recorded path begins with.
    package static let prefix = "artifacts/"

    /// The directory's current absolute path.
    package let directory: String
    /// The ways in which tools may write it: as they got it, and as realpath(3) gives it.
    private let spellings: [String]

    /// - Parameter directory: Absolute path of the job's directory for artifacts; it need not exist.
    package init(_ directory: String) {
        self.directory = directory
        let name = directory.split(separator: "/").last.map(String.init) ?? ""
        // realpath(3) needs a path that exists: the job's directory does.
        let real = realpath(String(directory.dropLast(name.utf8.count + 1)), nil).map { path in
            defer { free(path) }
            return String(cString: path) + "/" + name
        }
        let paths = [directory] + (real.map { [$0] } ?? [])
        spellings = paths.flatMap { ["file://" + $0, $0] }.filter { $0.utf8.first != nil && !name.isEmpty }
    }

    // MARK: Recorded

    /// The value with all paths below the directory as they are recorded.
    package func recorded(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): .string(recorded(text))
        case .array(let elements): .array(elements.map(recorded))
        case .object(let members): .object(members.mapValues(recorded))
        default: value
        }
    }

    package func recorded(_ text: String) -> String {
        var text = text
        for spelling in spellings where text.utf8.count >= spelling.utf8.count && text.contains(spelling) {
            text = Self.replacing(spelling, in: text)
        }
        return text
    }

    /// The failure with its texts converted; tools may quote the path in them.
    package func recorded(_ failure: Failure) -> Failure {
        var failure = failure
        failure.message = recorded(failure.message)
        failure.hint = failure.hint.map(recorded)
        return failure
    }

    private static func replacing(_ path: String, in text: String) -> String {
        var result = ""
        var rest = text[...]
        while let range = rest.firstRange(of: path) {
            result += rest[..<range.lowerBound]
            rest = rest[range.upperBound...]
            switch rest.first {
            case "/":
                rest.removeFirst()
                result += prefix
            // A longer name that only begins like the path.
            case let next? where next.isLetter || next.isNumber || "._-".contains(next): result += path
            default: result += prefix
            }
        }
        return result + rest
    }

    // MARK: For a tool

    /// The value, in which each text that is the recorded path of an existing file becomes an absolute path.
    package func resolved(_ value: JSON) -> JSON {
        switch value {
        case .string(let text): .string(resolved(text))
        case .array(let elements): .array(elements.map(resolved))
        case .object(let members): .object(members.mapValues(resolved))
        default: value
        }
    }

    private func resolved(_ text: String) -> String {
        let path = text.hasPrefix("./") ? text.dropFirst(2) : text[...]
        guard path.hasPrefix(Self.prefix), !path.utf8.contains(0) else { return text }
        let below = path.dropFirst(Self.prefix.count)
        let parts = below.split(separator: "/")
        if parts.contains("..") { return text }
        let absolute = below.isEmpty ? directory : "\(directory)/\(below)"
        return access(absolute, F_OK) == 0 ? absolute : text
    }
}
