import Foundation
import Glibc

/// The machine that the benchmarks run on.
struct Machine: Codable {
    var cores: Int
    var processor: String
    var memoryGiB: Int
    var kernel: String
    var filesystem: String
    var date: String

    init(of directory: String) {
        var names = utsname()
        uname(&names)
        kernel = withUnsafeBytes(of: names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        memoryGiB = Int(
            (Double(sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))) / Double(1 << 30)).rounded()
        )
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
        processor = model.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
        filesystem = Self.filesystem(of: directory)
        date = ISO8601DateFormatter().string(from: Date())
    }

    /// Type and options of the mount that a directory lies on.
    private static func filesystem(of directory: String) -> String {
        let mounts = (try? String(contentsOfFile: "/proc/mounts", encoding: .utf8)) ?? ""
        let fields = mounts.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count > 3 }
        let path = URL(fileURLWithPath: directory).resolvingSymlinksInPath().path + "/"
        let best = fields.filter { path.hasPrefix($0[1] == "/" ? "/" : "\($0[1])/") }.max { $0[1].count <= $1[1].count }
        return best.map { "\($0[2]) (\($0[3]))" } ?? "unknown"
    }

    var text: String {
        "\(cores) cores of \(processor), \(memoryGiB) GiB, Linux \(kernel), \(filesystem), \(date)\n"
    }
}
