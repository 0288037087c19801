import Documents
import Testing

@testable import Engine

/// Which steps begin after which events; numbers from 100 on are suspects.
@Suite("Turns of steps")
struct StepTurnsTests {
    enum Event: Sendable {
        case asks(Int)
        case ends(Int)
        case forgets(Int)
        case opens, opensWide
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var events: [Event]
        /// In the order in which they begin; negative when alone.
        var begun: [Int]
        var isClosed = false
        var isShut = false

        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "unsuspected steps begin at once", events: [.asks(1), .asks(2)], begun: [1, 2]),
        Row(name: "a suspect begins alone", events: [.asks(100)], begun: [-100], isClosed: true),
        Row(name: "others wait while a suspect runs", events: [.asks(100), .asks(1)], begun: [-100], isClosed: true),
        Row(
            name: "the others begin once the suspect has ended",
            events: [.asks(100), .asks(1), .asks(2), .ends(100)],
            begun: [-100, 1, 2]
        ),
        Row(
            name: "a suspect waits for the running steps",
            events: [.asks(1), .asks(2), .asks(100), .ends(1)],
            begun: [1, 2],
            isClosed: true
        ),
        Row(
            name: "no step begins before a waiting suspect",
            events: [.asks(1), .asks(100), .asks(2), .ends(1)],
            begun: [1, -100],
            isClosed: true
        ),
        Row(
            name: "suspects begin one after another, and then the others",
            events: [.asks(100), .asks(1), .asks(101), .ends(100), .ends(101)],
            begun: [-100, -101, 1]
        ),
        Row(
            name: "the others begin when the waiting suspect gives up",
            events: [.asks(1), .asks(100), .asks(2), .forgets(100)],
            begun: [1, 2]
        ),
        Row(
            name: "a waiting step can give up",
            events: [.asks(100), .asks(1), .forgets(1), .ends(100)],
            begun: [-100]
        ),
        Row(
            name: "no step begins before the turns are opened",
            events: [.asks(100), .asks(1)],
            begun: [],
            isClosed: true,
            isShut: true
        ),
        Row(
            name: "suspects begin first when the turns are opened",
            events: [.asks(1), .asks(100), .opens],
            begun: [-100],
            isClosed: true,
            isShut: true
        ),
        Row(
            name: "opened wide, the others begin beside a suspect that runs for long",
            events: [.asks(100), .asks(1), .opensWide, .asks(2)],
            begun: [-100, 1, 2]
        ),
        Row(
            name: "opened wide, no suspect begins",
            events: [.asks(100), .asks(101), .opensWide, .ends(100), .asks(1)],
            begun: [-100, 1]
        ),
        Row(
            name: "guarded again, the next suspect waits for the long one and for the others",
            events: [.asks(100), .asks(101), .asks(1), .opensWide, .opens, .ends(1), .asks(2)],
            begun: [-100, 1],
            isClosed: true
        ),
        Row(
            name: "guarded again, the next suspect begins alone in the end",
            events: [.asks(100), .asks(101), .asks(1), .opensWide, .opens, .ends(1), .ends(100)],
            begun: [-100, 1, -101],
            isClosed: true
        ),
    ]

    @Test("Steps begin when it is their turn", arguments: rows)
    func begin(row: Row) {
        var turns = StepAdmission()
        if !row.isShut { turns.open() }
        var begun: [StepAdmission.Turn] = []
        for event in row.events {
            switch event {
            case .asks(let number): begun += [turns.ask(number, isSuspected: number >= 100)].compactMap(\.self)
            case .ends(let number): turns.end(number)
            case .forgets(let number): turns.forget(number)
            case .opens: turns.open()
            case .opensWide: turns.openWide()
            }
            begun += turns.next()
        }
        #expect(begun.map { $0.isAlone ? -$0.number : $0.number } == row.begun)
        #expect(turns.isClosed == row.isClosed)
    }
}
