import Documents
import Jobs
import Spool

/// A drop that waits in an inbox, with its place in the inbox's order.
///
/// First come the drops that were there before the daemon watched, by modification time, then by name. Then come the
/// others, in the order of their arrival.
struct DropOrderKey: Comparable, Sendable {
    var name: [UInt8]
    /// The number of its arrival; 0 when the daemon saw no event of it.
    var arrival: Int
    /// When it was last modified, in nanoseconds since 1970; 0 where the arrival is known.
    var modified: Int64
    /// Where the file's own name begins; an id before it only decides between equal names.
    private let start: Int

    init(_ name: [UInt8], arrival: Int? = nil, modified: Int64 = 0) {
        (self.name, self.arrival, self.modified) = (name, arrival ?? 0, modified)
        start = DropName.hasID(name) ? JobID.length + 1 : 0
    }

    /// Compares names by their bytes, as `ls` sorts them in the C locale: the same on every machine.
    static func < (left: DropOrderKey, right: DropOrderKey) -> Bool {
        if left.arrival != right.arrival { return left.arrival < right.arrival }
        if left.modified != right.modified { return left.modified < right.modified }
        let (leftName, rightName) = (left.name[left.start...], right.name[right.start...])
        if leftName.elementsEqual(rightName) { return left.name.lexicographicallyPrecedes(right.name) }
        return leftName.lexicographicallyPrecedes(rightName)
    }
}
