import Foundation
import Testing

@Suite("Child tasks")
struct ChildTaskTests {
    /// Every second optimised program that had them return tuples died, and every test passed: tests are not optimised.
    @Test("return no tuples, of which Swift 6.3.1 reads others than were written")
    func noTuples() throws {
        let sources = "\(Program.checkout)/Sources"
        for file in try FileManager.default.subpathsOfDirectory(atPath: sources) where file.hasSuffix(".swift") {
            let text = try String(contentsOfFile: "\(sources)/\(file)", encoding: .utf8)
            #expect(text.firstMatch(of: /TaskGroup\(\s*of: \(/) == nil, "\(file)")
        }
    }
}
