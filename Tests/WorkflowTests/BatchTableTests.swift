import Documents
import Jobs
import Models
import TestKit
import Testing

@testable import Workflow

@Suite struct BatchTableTests {
    private let yaml = "steps: [{id: a, prompt: '{{input.text}}|{{input.number}}'}]"

    private func run(_ text: String, _ delimiter: Character = ",") async throws -> (MemoryRecorder, RunOutcome) {
        var bench = WorkflowFixture(
            FakeModel { request, _ in
                if request.messages[0].content.contains("BAD") { throw Failure(.permanent, "it is bad") }
                return .text(request.messages[0].content)
            }
        )
        bench.batch = MemoryBytes(text)
        bench.batchForm = .table(delimiter: delimiter.asciiValue ?? 0)
        let recorder = bench.recorder()
        return (recorder, try await bench.run(yaml, recorder))
    }

    @Test func `each row is an input, and comes back with its output or its error`() async throws {
        let (recorder, outcome) = try await run(
            "text,number\r\n\"a \"\"quoted\"\" cell,\r\nof two lines\",007\r\nBAD,3.10\r\n\r\nplain,1e3\r\nshort\r\n"
        )
        #expect(outcome.output?["request_counts"] == ["total": 4, "completed": 2, "failed": 2])
        #expect(outcome.output?["table_file"] == "output.csv")
        #expect(
            recorder.text("output.csv")
                == [
                    "text,number,output,error",
                    "\"a \"\"quoted\"\" cell,\r\nof two lines\",007,\"a \"\"quoted\"\" cell,\r\nof two lines|007\",",
                    "BAD,3.10,,it is bad", "plain,1e3,plain|1e3,",
                    "short,,,\"line 7: it has 1 cell, and the heading has 2\"",
                ].map { $0 + "\r\n" }.joined()
        )
        #expect(recorder.file("output.jsonl")?.last == #"{"custom_id":"6","output":"plain|1e3"}"#)
        #expect(recorder.entry(of: "batch/2")?.kind == .line)
        let again = recorder.resumed()
        var bench = WorkflowFixture()
        bench.batch = MemoryBytes("text,number\r\nx,1\r\n")
        bench.batchForm = .table(delimiter: UInt8(ascii: ","))
        _ = try await bench.run(yaml, again)
        #expect(again.recorded == 0)
    }

    @Test func `the result is written as the table was: its delimiter, its mark, its line ends`() async throws {
        let (recorder, _) = try await run("\u{FEFF}sep=;\ntext;number\none;1,5\n", ";")
        #expect(recorder.text("output.csv") == "\u{FEFF}text;number;output;error\none;1,5;one|1,5;\n")
    }

    @Test func `columns of the input that are named like those of the result keep their names`() async throws {
        let (recorder, _) = try await run("text,output,number\na,b,1\n")
        #expect(recorder.text("output.csv")?.hasPrefix("text,output,number,output_2,error\na,b,1,a|1,") == true)
    }

    @Test func `empty cells after the last column are ignored`() async throws {
        let (_, outcome) = try await run("text,number,,\na,1,,\nb,2,,x\n")
        #expect(outcome.output?["request_counts"] == ["total": 2, "completed": 1, "failed": 1])
    }
}
