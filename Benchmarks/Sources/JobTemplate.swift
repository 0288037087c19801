import Foundation
import Glibc

/// A job directory that was really made, to be made again many times under other ids.
///
/// Nothing in it but its name says which job it is, and that is what makes it possible.
struct JobTemplate {
    private let files: [(name: String, bytes: Data)]
    private let dropName: String

    init(at path: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        files = try names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)"))) }
        dropName = String(path.split(separator: "/").last?.dropFirst(27) ?? "job.json")
    }

    /// Makes `count` such jobs in a directory, with the numbers from `first` for ids.
    ///
    /// - Parameter areLinked: Whether they have their files in common, many to an inode: a million jobs then fit on a
    ///   disk, and cost who reads them as many calls.
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
