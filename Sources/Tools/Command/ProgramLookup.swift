import Documents
import Glibc
import Jobs

/// Finds the file that a command runs, before anything is started: so "not found" is never an unknown outcome.
enum ProgramLookup {
    /// Searched when the daemon has no `PATH`.
    static let defaultPath = "/usr/local/bin:/usr/bin:/bin"

    /// The absolute path of `program`: relative to `directory` when it has a slash, else looked up in `path`.
    ///
    /// Relative and empty entries of `path` are skipped: which file they name depends on where the daemon runs.
    ///
    /// - Throws: A permanent ``Failure`` saying which paths were tried.
    static func find(_ program: String, tool: String, directory: String, path: String?) throws(Failure) -> String {
        if program.contains("/") {
            let file = program.hasPrefix("/") ? program : "\(directory)/\(program)"
            switch Finding(file) {
            case .program: return file
            case .notExecutable:
                throw Failure(
                    .permanent,
                    "\(tool) cannot run \(program): it is not executable",
                    hint: "chmod +x \(file)"
                )
            case .notFile:
                throw Failure(.permanent, "\(tool) cannot run \(program): it is no file", hint: "looked at \(file)")
            case .missing(let reason):
                throw Failure(.permanent, "\(tool) cannot run \(program): \(reason)", hint: "looked at \(file)")
            }
        }
        let directories = (path ?? defaultPath).split(separator: ":").filter { $0.hasPrefix("/") }
        for directory in directories {
            let file = "\(directory)/\(program)"
            if case .program = Finding(file) { return file }
        }
        throw Failure(
            .permanent,
            "\(tool) cannot run \(program): no such program",
            hint: "looked in \(directories.joined(separator: ", ")); "
                + "a program beside the configuration needs a slash, as in tools/\(program)"
        )
    }

    private enum Finding {
        case program, notExecutable, notFile
        case missing(String)

        init(_ file: String) {
            var status = stat()
            if stat(file, &status) != 0 {
                self = .missing(String(cString: strerror(errno)).lowercased())
            } else if status.st_mode & S_IFMT != S_IFREG {
                self = .notFile
            } else {
                self = faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) == 0 ? .program : .notExecutable
            }
        }
    }
}
