import Documents

/// One run of a program over one text.
struct PatternRun {
    private let text: [Unicode.Scalar]
    /// Steps that may still be made.
    private(set) var budget: Int

    init(_ text: String, budget: Int) {
        self.text = Array(text.unicodeScalars)
        self.budget = budget - self.text.count
    }

    /// Whether the program matches anywhere in the text; nil when the budget did not suffice.
    mutating func matches(_ program: PatternProgram) -> Bool? {
        let isFound = run(program, from: 0, isAnchored: false)
        return budget > 0 ? isFound : nil
    }

    private mutating func run(_ program: PatternProgram, from start: Int, isAnchored: Bool) -> Bool {
        // The cost of a start: a lookahead starts at every position.
        budget -= program.steps.count
        var current = Threads(program.steps.count)
        var next = Threads(program.steps.count)
        var position = start
        if follow(program, 0, position, &current) { return true }
        while budget > 0 {
            let isAtEnd = position == (program.isBackward ? 0 : text.count)
            if isAtEnd || (isAnchored && current.steps.isEmpty) { return false }
            let scalar = text[program.isBackward ? position - 1 : position]
            position += program.isBackward ? -1 : 1
            budget -= 1
            for step in current.steps {
                if isHeld(scalar, program.steps[step]), follow(program, step + 1, position, &next) { return true }
            }
            if !isAnchored, follow(program, 0, position, &next) { return true }
            swap(&current, &next)
            next.removeAll()
        }
        return false
    }

    private mutating func isHeld(_ scalar: Unicode.Scalar, _ step: PatternProgram.Step) -> Bool {
        budget -= 1
        if scalar.isASCII, case .scalar(let ascii, _) = step { return ascii >> UInt128(scalar.value) & 1 == 1 }
        guard case .scalar(_, let set) = step else { return false }
        budget -= set.size
        return set.contains(scalar)
    }

    /// Adds all steps that are reached from `step` without taking a scalar; true when one of them is a match.
    private mutating func follow(
        _ program: PatternProgram,
        _ step: Int,
        _ position: Int,
        _ threads: inout Threads
    ) -> Bool {
        var open = [step]
        while let step = open.popLast() {
            guard budget > 0, threads.visit(step) else { continue }
            budget -= 1
            switch program.steps[step] {
            case .scalar: threads.steps.append(step)
            case .split(let left, let right): open += [right, left]
            case .jump(let target): open.append(target)
            case .start: if position == 0 { open.append(step + 1) }
            case .end: if position == text.count { open.append(step + 1) }
            case .wordBoundary(let isWanted):
                let isThere = isWord(position - 1) != isWord(position)
                if isThere == isWanted { open.append(step + 1) }
            case .look(let inner, let isWanted):
                if run(inner, from: position, isAnchored: true) == isWanted { open.append(step + 1) }
            case .match: return true
            }
        }
        return false
    }

    private func isWord(_ index: Int) -> Bool {
        text.indices.contains(index) && PatternClass.wordCharacters.contains(text[index])
    }

    /// The steps of a program that wait for the next scalar.
    private struct Threads {
        var steps: [Int] = []
        private var marks: [Int]
        private var mark = 1

        init(_ count: Int) { marks = [Int](repeating: 0, count: count) }

        /// False when the step was visited before.
        mutating func visit(_ step: Int) -> Bool {
            if marks[step] == mark { return false }
            marks[step] = mark
            return true
        }

        mutating func removeAll() {
            steps.removeAll(keepingCapacity: true)
            mark += 1
        }
    }
}
