import Foundation
import Glibc

/// A real job directory, copied many times under other ids.
///
/// Only the directory's name says which job it is, so a copy needs no other change.
struct JobTemplate {
    private let files: [(name: String, bytes: Data)]
    private let dropName: String

    init(at path: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        files = try names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)"))) }
        dropName = String(path.split(separator: "/").last?.dropFirst(27) ?? "job.json")
    }

    /// Makes `count` copies in a directory, with ids made of the numbers from `first` on.
    ///
    /// - Parameter areLinked: Whether the jobs share their files as hard links: a million jobs then fit on a disk, and
    ///   a reader makes the same calls as without links.
    func write(_ count: Int, in directory: String, from first: Int = 0, areLinked: Bool) throws {
        mkdir(directory, 0o700)
        var shared = ""
        for number in first..<(first + count) {
            let job = "\(directory)/\(Self.identifier(number))-\(dropName)"
            guard mkdir(job, 0o700) == 0 else { throw Child.Failed(description: "cannot make \(job)") }
            let mayShare = areLinked && (number - first) % 30_000 != 0
            for (name, bytes) in files {
                if mayShare {
                    guard link("\(shared)/\(name)", "\(job)/\(name)") == 0 else {
                        throw Child.Failed(description: "cannot link \(job)/\(name)")
                    }
                } else {
                    try bytes.write(to: URL(fileURLWithPath: "\(job)/\(name)"))
                }
            }
            if !mayShare { shared = job }
        }
    }

    private static func identifier(_ number: Int) -> String {
        let digits = String(number)
        return "01" + String(repeating: "0", count: 24 - digits.count) + digits
    }
}
