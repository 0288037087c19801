import Jobs
import Spool

/// A drop that waits in an inbox, and its place there: first what was there before the daemon looked, the older time of
/// change first, then by name; then what came since, in the order in which it came.
struct DropPlace: Comparable, Sendable {
    var name: [UInt8]
    /// The number of its arrival; 0 of what was there before, or of which the kernel did not tell.
    var arrival: Int
    /// In nanoseconds since 1970; 0 where the arrival is known.
    var modified: Int64
    /// Where the name of the dropped file begins: an id before it says when it was submitted, or taken, and no more.
    private let start: Int

    init(_ name: [UInt8], arrival: Int? = nil, modified: Int64 = 0) {
        (self.name, self.arrival, self.modified) = (name, arrival ?? 0, modified)
        start = DropName.hasID(name) ? JobID.length + 1 : 0
    }

    /// Names by their bytes, as `ls` sorts them in the C locale: the same on every machine, whatever is in them.
    static func < (left: DropPlace, right: DropPlace) -> Bool {
        if left.arrival != right.arrival { return left.arrival < right.arrival }
        if left.modified != right.modified { return left.modified < right.modified }
        let (leftName, rightName) = (left.name[left.start...], right.name[right.start...])
        if leftName.elementsEqual(rightName) { return left.name.lexicographicallyPrecedes(right.name) }
        return leftName.lexicographicallyPrecedes(rightName)
    }
}
