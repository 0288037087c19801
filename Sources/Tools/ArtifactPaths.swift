import Glibc
package import Jobs
import OrderedCollections

/// The paths of a job's artifacts: what a tool prints of them is absolute and ends to be good when the job's directory
/// moves, to `held/` or to another node; what is recorded is relative to that directory, `artifacts/report.txt`, and is
/// made absolute again for the next tool that is given it.
package struct ArtifactPaths: Sendable {
    /// What a recorded path begins with.
    package static let prefix = "artifacts/"

    /// Absolute path of the directory for now.
    package let directory: String
    /// What tools may call it: as they were told, and as realpath(3) does.
    private let spellings: [String]

    /// - Parameter directory: Absolute path of the job's directory for artifacts; it need not be there.
    package init(_ directory: String) {
        self.directory = directory
        let name = directory.split(separator: "/").last.map(String.init) ?? ""
        // Of the job's directory, which is there.
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

    /// Words about a failure, which tools may quote the path in.
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
            // A longer name that only begins like it.
            case let next? where next.isLetter || next.isNumber || "._-".contains(next): result += path
            default: result += prefix
            }
        }
        return result + rest
    }

    // MARK: For a tool

    /// The value with every text that is, as a whole, the recorded path of a file that is there as an absolute path.
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
