/// Which steps may be under way beside each other on a node: any number that nothing is held against, or one suspected
/// step alone.
///
/// A pure value: it is told who asks and who ends, and says who begins. Suspected steps go before all others.
struct StepTurns: Sendable, Equatable {
    struct Turn: Sendable, Equatable {
        var number: Int
        var isAlone: Bool
    }

    /// Who may come in.
    enum Door: Sendable {
        /// Nothing may begin yet.
        case shut
        /// What is suspected runs alone, before all else.
        case guarded
        /// Suspected steps wait, and all others may begin: they waited long enough.
        case wide
    }

    private(set) var door = Door.shut
    private(set) var alone: Int?
    private var together = 0
    private var suspects: [Int] = []
    private var others: [Int] = []

    /// Whether a suspected step runs alone, or is the next to begin, or nothing may begin yet.
    var isClosed: Bool {
        switch door {
        case .shut: true
        case .guarded: alone != nil || !suspects.isEmpty
        case .wide: false
        }
    }

    /// A step wants to begin.
    ///
    /// - Returns: Its turn when it begins at once; nil when it waits, and ``next()`` says when it begins.
    mutating func ask(_ number: Int, isSuspected: Bool) -> Turn? {
        if !isSuspected, !isClosed {
            together += 1
            return Turn(number: number, isAlone: false)
        }
        if isSuspected { suspects.append(number) } else { others.append(number) }
        // Those before it had their turns when theirs came: it is the only one that may begin now.
        return next().first
    }

    /// Takes those out of the waiting who begin now.
    mutating func next() -> [Turn] {
        if door == .shut || alone != nil { return [] }
        if door == .guarded, let suspect = suspects.first {
            if together > 0 { return [] }
            suspects.removeFirst()
            alone = suspect
            return [Turn(number: suspect, isAlone: true)]
        }
        defer { others = [] }
        together += others.count
        return others.map { Turn(number: $0, isAlone: false) }
    }

    /// A step that had begun has ended.
    mutating func end(_ number: Int) {
        if alone == number { alone = nil } else { together -= 1 }
    }

    /// A step that waits wants to begin no more.
    mutating func forget(_ number: Int) {
        suspects.removeAll { $0 == number }
        others.removeAll { $0 == number }
    }

    mutating func open() { door = .guarded }

    /// What is suspected has kept all others waiting for too long: they begin, also beside a step that ran alone.
    mutating func openWide() {
        if alone != nil { together += 1 }
        alone = nil
        door = .wide
    }
}
