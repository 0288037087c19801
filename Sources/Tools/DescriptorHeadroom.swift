import Glibc
import SystemPackage

/// Looks whether a child can be started without running out of descriptors on the way.
///
/// Subprocess 1.0 ends the whole process when the second of its pipes cannot be made (the first one's `deinit` traps),
/// and when its first use fails it stays failed. Other threads may take descriptors meanwhile, so this makes the case
/// rare and not impossible; a daemon should raise its soft limit (RLIMIT_NOFILE) to the hard one.
enum DescriptorHeadroom {
    /// Two pipes, the working directory, the pidfd, and at the first use two epolls and two eventfds; and some to spare.
    static let descriptors = 16

    /// Takes the descriptors and gives them back at once.
    static func require(like file: FileDescriptor) throws(Errno) {
        var taken: [Int32] = []
        defer { for number in taken { close(number) } }
        for _ in 0..<descriptors {
            let number = fcntl(file.rawValue, F_DUPFD_CLOEXEC, 0)
            if number < 0 { throw Errno(rawValue: errno) }
            taken.append(number)
        }
    }
}
