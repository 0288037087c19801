import Documents

/// A regular expression as steps of a machine that follows all alternatives side by side (Thompson's construction).
///
/// Without lookarounds, a match takes time in proportion to the text's length and the program's.
struct PatternProgram: Sendable {
    /// A larger program is refused: repetitions of repetitions multiply.
    static let stepsMax = 10_000

    enum Step: Sendable {
        /// A bit for each scalar of ASCII says whether the class holds it: most texts are made of these.
        case scalar(ascii: UInt128, PatternClass)
        /// The run goes on with both.
        case split(Int, Int)
        case jump(Int)
        case start, end
        case wordBoundary(isWanted: Bool)
        case look(PatternProgram, isWanted: Bool)
        case match
    }

    private(set) var steps: [Step] = []
    /// The number of steps, with those of lookarounds and with the members of classes.
    private var size = 0
    /// Whether it reads the text backwards, as a lookbehind does.
    let isBackward: Bool

    /// - Throws: ``PatternSyntaxError`` when it would be too large.
    init(_ node: PatternNode) throws(PatternSyntaxError) { try self.init(node, isBackward: false) }

    private init(_ node: PatternNode, isBackward: Bool) throws(PatternSyntaxError) {
        self.isBackward = isBackward
        try emit(node)
        try append(.match)
    }

    private mutating func append(_ step: Step, size: Int = 1) throws(PatternSyntaxError) {
        self.size += size
        if self.size > Self.stepsMax { throw PatternSyntaxError("it is too large: more than \(Self.stepsMax) steps") }
        steps.append(step)
    }

    private mutating func emit(_ node: PatternNode) throws(PatternSyntaxError) {
        switch node {
        case .scalar(let set): try append(.scalar(ascii: set.ascii, set), size: set.size)
        case .sequence(let nodes): for node in isBackward ? nodes.reversed() : nodes { try emit(node) }
        case .choice(let branches): try emit(branches)
        case .repeated(let node, let from, let to): try emit(node, from, to)
        case .start: try append(.start)
        case .end: try append(.end)
        case .wordBoundary(let isWanted): try append(.wordBoundary(isWanted: isWanted))
        case .look(let node, let isAhead, let isWanted):
            let program = try PatternProgram(node, isBackward: !isAhead)
            try append(.look(program, isWanted: isWanted), size: program.size)
        }
    }

    private mutating func emit(_ branches: [PatternNode]) throws(PatternSyntaxError) {
        var ends: [Int] = []
        for (index, branch) in branches.enumerated() {
            let isLast = index == branches.count - 1
            let split = steps.count
            if !isLast { try append(.split(split + 1, 0)) }
            try emit(branch)
            if isLast { break }
            ends.append(steps.count)
            try append(.jump(0))
            steps[split] = .split(split + 1, steps.count)
        }
        for end in ends { steps[end] = .jump(steps.count) }
    }

    private mutating func emit(_ node: PatternNode, _ from: Int, _ to: Int?) throws(PatternSyntaxError) {
        for _ in 0..<from { try emitOnce(node) }
        guard let to else {
            let split = steps.count
            try append(.split(split + 1, 0))
            try emit(node)
            try append(.jump(split))
            steps[split] = .split(split + 1, steps.count)
            return
        }
        for _ in from..<to {
            let split = steps.count
            try append(.split(split + 1, 0))
            try emit(node)
            steps[split] = .split(split + 1, steps.count)
        }
    }

    /// Emits at least one step, so that the limit of steps also ends repetitions of an empty group.
    private mutating func emitOnce(_ node: PatternNode) throws(PatternSyntaxError) {
        let before = steps.count
        try emit(node)
        if steps.count == before { try append(.jump(before + 1)) }
    }
}
