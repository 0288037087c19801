import Documents
import Foundation
import Testing

@Suite("Child tasks")
struct ChildTaskTests {
    /// Every second optimised program whose child tasks returned tuples crashed, but all tests passed: they are not
    /// optimised.
    @Test("No child task returns a tuple: Swift 6.3.1 reads other values than were written")
    func noTuples() throws {
        let sources = "\(Program.checkout)/Sources"
        for file in try FileManager.default.subpathsOfDirectory(atPath: sources) where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(sources)/\(file)", encoding: .utf8)
            #expect(text.firstMatch(of: /TaskGroup\(\s*of: \(/) == nil, "\(file)")
        }
    }
}
