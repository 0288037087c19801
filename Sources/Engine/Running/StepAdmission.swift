import Documents

/// Which steps may run at the same time on a node: any number of unsuspected ones, or one suspected step alone.
///
/// A pure value: the caller says which steps ask and end, and learns which begin. Suspected steps go before all others.
struct StepAdmission: Sendable, Equatable {
    struct Turn: Sendable, Equatable {
        var number: Int
        var isAlone: Bool
    }

    /// Which steps may begin.
    enum Door: Sendable {
        /// No step may begin yet.
        case shut
        /// Suspected steps run alone, before all others.
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
        // The steps before it began when they could: it is the only one that may begin now.
        return next().first
    }

    /// Removes and returns the waiting steps that begin now.
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

    /// A waiting step no longer wants to begin.
    mutating func forget(_ number: Int) {
        suspects.removeAll { $0 == number }
        others.removeAll { $0 == number }
    }

    mutating func open() { door = .guarded }

    /// Lets the other steps begin after too long a wait, also beside a step that ran alone.
    mutating func openWide() {
        if alone != nil { together += 1 }
        alone = nil
        door = .wide
    }
}
