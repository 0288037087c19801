import Testing

@testable import Engine

/// Who begins, by what was asked and ended before; suspects are those from 100 on.
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
        /// In the order in which they begin; a lonely one is negative.
        var begun: [Int]
        var isClosed = false
        var isShut = false

        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "let all begin against which nothing is held", events: [.asks(1), .asks(2)], begun: [1, 2]),
        Row(name: "let a suspect begin alone", events: [.asks(100)], begun: [-100], isClosed: true),
        Row(name: "keep all others waiting beside it", events: [.asks(100), .asks(1)], begun: [-100], isClosed: true),
        Row(
            name: "let them begin once it has ended",
            events: [.asks(100), .asks(1), .asks(2), .ends(100)],
            begun: [-100, 1, 2]
        ),
        Row(
            name: "let a suspect wait for what runs",
            events: [.asks(1), .asks(2), .asks(100), .ends(1)],
            begun: [1, 2],
            isClosed: true
        ),
        Row(
            name: "let nothing begin before a suspect that waits",
            events: [.asks(1), .asks(100), .asks(2), .ends(1)],
            begun: [1, -100],
            isClosed: true
        ),
        Row(
            name: "let suspects begin one after another, and then the others",
            events: [.asks(100), .asks(1), .asks(101), .ends(100), .ends(101)],
            begun: [-100, -101, 1]
        ),
        Row(
            name: "let the others begin when the suspect that waited gives up",
            events: [.asks(1), .asks(100), .asks(2), .forgets(100)],
            begun: [1, 2]
        ),
        Row(name: "forget one that waited", events: [.asks(100), .asks(1), .forgets(1), .ends(100)], begun: [-100]),
        Row(
            name: "let nothing begin before they are opened",
            events: [.asks(100), .asks(1)],
            begun: [],
            isClosed: true,
            isShut: true
        ),
        Row(
            name: "let suspects begin first when they are opened",
            events: [.asks(1), .asks(100), .opens],
            begun: [-100],
            isClosed: true,
            isShut: true
        ),
        Row(
            name: "opened wide let the others begin beside a suspect that runs for long",
            events: [.asks(100), .asks(1), .opensWide, .asks(2)],
            begun: [-100, 1, 2]
        ),
        Row(
            name: "opened wide let no suspect begin",
            events: [.asks(100), .asks(101), .opensWide, .ends(100), .asks(1)],
            begun: [-100, 1]
        ),
        Row(
            name: "guarded again let the next suspect wait for the long one and for the others",
            events: [.asks(100), .asks(101), .asks(1), .opensWide, .opens, .ends(1), .asks(2)],
            begun: [-100, 1],
            isClosed: true
        ),
        Row(
            name: "guarded again let the next suspect begin alone in the end",
            events: [.asks(100), .asks(101), .asks(1), .opensWide, .opens, .ends(1), .ends(100)],
            begun: [-100, 1, -101],
            isClosed: true
        ),
    ]

    @Test(arguments: rows)
    func begin(row: Row) {
        var turns = StepTurns()
        if !row.isShut { turns.open() }
        var begun: [StepTurns.Turn] = []
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
