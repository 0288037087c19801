import Documents
import Foundation
import Testing

/// `scripts/build.sh`, with a script in the place of `swift`.
@Suite("The build script", .timeLimit(.minutes(2)))
struct BuildScriptTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// The script that runs as `swift build`.
        var swift: String
        var options = ["-c", "release"]
        var status: Int32 = 0
        var output: String
        var error = ""
    }

    private static let failed = "The build failed; .build/build.log has all that it printed.\n"

    static let rows = [
        Row(
            testDescription: "two thousand steps of a short build print nothing without a terminal",
            swift: "for step in $(seq 2000); do echo \"[$step/2000] Compiling A file.swift\"; done",
            output: ""
        ),
        Row(
            testDescription: "an error is shown whole, without the steps around it",
            swift: """
                echo '[1/3] Compiling A one.swift'
                echo '/a/one.swift:3:14: error: cannot convert'
                echo '3 | let y: Int = "a"'
                printf '  |              `- error: cannot convert\\n[2/3] Compiling A two.swift\\n'
                echo 'error: emit-module failed' >&2
                exit 1
                """,
            status: 1,
            output: "",
            error: """
                /a/one.swift:3:14: error: cannot convert
                3 | let y: Int = "a"
                  |              `- error: cannot convert
                error: emit-module failed

                """ + failed
        ),
        Row(
            testDescription: "a last line without an end is shown, too",
            swift: "printf 'error: killed'; exit 9",
            status: 9,
            output: "",
            error: "error: killed\n" + failed
        ),
        Row(
            testDescription: "a line that comes in two pieces with a second between is one line",
            swift: "printf 'error: no '; sleep 1.2; echo space; exit 1",
            status: 1,
            output: "",
            error: "error: no space\n" + failed
        ),
        Row(
            testDescription: "C++ that is compiled with other options is built without the headers made ready",
            swift: """
                case $CCC_OVERRIDE_OPTIONS in
                *--config=*) echo "error: -O0 was on in 'standard-library.pch'"; exit 1 ;;
                esac
                """,
            options: [],
            output: ""
        ),
        Row(
            testDescription: "options go to swift build, in a release build with nothing in the environment",
            swift: "echo \"error: $* ${CCC_OVERRIDE_OPTIONS:-none} ${ADDITIONAL_SWIFT_DRIVER_FLAGS:-none}\"; exit 1",
            options: ["-c", "release", "--product", "a b"],
            status: 1,
            output: "",
            error: "error: build -c release --product a b none none\n" + failed
        ),
    ]

    /// Runs `body` with a directory that has the script and a `swift`.
    private func withScript<T>(swift: String, _ body: (_ script: String, _ directory: String) throws -> T) throws -> T {
        let files = FileManager.default
        let directory = files.temporaryDirectory.appendingPathComponent("build-\(UUID().uuidString)").path
        defer { try? files.removeItem(atPath: directory) }
        try files.createDirectory(atPath: "\(directory)/scripts", withIntermediateDirectories: true)
        for name in ["build.sh", "standard-library.h"] {
            try files.copyItem(atPath: "\(Program.checkout)/scripts/\(name)", toPath: "\(directory)/scripts/\(name)")
        }
        try "#!/bin/bash\n\(swift)\n".write(toFile: "\(directory)/swift", atomically: true, encoding: .utf8)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(directory)/swift")
        return try body("\(directory)/scripts/build.sh", directory)
    }

    @Test("The build script shows only the errors, and keeps the exit status", arguments: rows)
    func shows(_ row: Row) throws {
        try withScript(swift: row.swift) { script, directory in
            let environment = ["SWIFT": "\(directory)/swift"]
            let result = try Program.run(script, arguments: row.options, environment: environment)
            #expect(result.status == row.status)
            #expect(result.output == row.output)
            #expect(result.error == row.error)
        }
    }

    @Test("The build script keeps all that swift build printed in its log")
    func log() throws {
        try withScript(swift: "echo '[1/1] Compiling A'; echo 'warning: w'") { script, directory in
            let environment = ["SWIFT": "\(directory)/swift"]
            #expect(try Program.run(script, arguments: ["-c", "release"], environment: environment).status == 0)
            let log = try String(contentsOfFile: "\(directory)/.build/build.log", encoding: .utf8)
            #expect(log == "[1/1] Compiling A\nwarning: w\n")
        }
    }

    @Test("On a terminal the build script rewrites one line, and wipes it at the end")
    func terminal() throws {
        try withScript(swift: "echo '[1/2] Compiling A'; echo '[2/2] Linking b'") { script, directory in
            let environment = ["SWIFT": "\(directory)/swift"]
            let arguments = ["-qec", "\(script) -c release", "/dev/null"]
            let output = try Program.run("/usr/bin/script", arguments: arguments, environment: environment).output
            #expect(output.contains("[1/2] Compiling A") && output.contains("[2/2] Linking b"))
            #expect(!output.contains("\n") && output.hasSuffix("\r\u{1B}[K"))
        }
    }

    @Test("An interrupted build script ends swift build, and says that nothing is lost")
    func interruption() throws {
        let swift = """
            trap 'echo told >told; exit 1' TERM
            touch started
            while :; do sleep 0.05; done
            """
        try withScript(swift: swift) { script, directory in
            let command = """
                cd \(directory)
                SWIFT=\(directory)/swift \(script) -c release & build=$!
                until [ -e started ]; do sleep 0.05; done
                kill -TERM $build
                wait $build
                echo "status $?, swift was $(cat told)"
                """
            // Other tests may ignore the signal, and a shell cannot trap a signal that was ignored at its start.
            let arguments = ["--default-signal=TERM", "/bin/bash", "-c", command]
            let result = try Program.run("/usr/bin/env", arguments: arguments)
            #expect(result.output == "status 143, swift was told\n")
            #expect(result.error == "The build was stopped; the next one goes on from there.\n")
        }
    }
}
