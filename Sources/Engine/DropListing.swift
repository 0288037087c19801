import HeapModule
import Jobs
import Spool
import SystemPackage

/// One reading of an inbox: the drops in it, in their order.
///
/// Of more than ``keptMax`` the first so many are kept, so that a million of them cost little memory; the others are found
/// by the next reading.
// Unchecked is safe: the engine has one call under way at a time, and awaits it before the next or before dropping it.
final class DropListing: @unchecked Sendable {
    /// Each reading looks at every file; so many jobs share one.
    static let keptMax = 65_536
    /// Names that are read before the engine sees to other things.
    private static let partMax = 16_384

    private var listing: DirectoryListing?
    private let path: String
    private let rules: NameRules
    private let spool: SpoolRoot
    private let keptMax: Int
    private let arrivals: @Sendable () -> InboxWatch.Arrivals

    /// What is kept, when more was found.
    private var first = Heap<DropPlace>()
    /// What was found; once the reading is at its end in the order opposite to theirs.
    private var places: [DropPlace] = []
    /// Whether the inbox has more drops than are kept.
    private(set) var isCut = false
    private(set) var isAtEnd = false

    /// - Parameter arrivals: In which order files came, of all that can be read now.
    init(
        queue: String,
        _ rules: NameRules,
        spool: SpoolRoot,
        keptMax: Int = DropListing.keptMax,
        arrivals: @escaping @Sendable () -> InboxWatch.Arrivals
    ) {
        path = SpoolLayout.inbox(of: queue)
        self.rules = rules
        self.spool = spool
        self.keptMax = keptMax
        self.arrivals = arrivals
    }

    private func open() throws(SpoolError) -> DirectoryListing {
        do throws(Errno) {
            return try DirectoryListing(of: path, in: spool.root)
        } catch {
            throw SpoolError("reading \(path)/", error)
        }
    }

    /// Reads a part of the directory, until ``isAtEnd``.
    ///
    /// - Returns: The jobs for which drops were claimed that it came by.
    func read() throws -> [JobName] {
        let listing = try listing ?? open()
        self.listing = listing
        var names: [[UInt8]] = []
        var carried: [JobName] = []
        var count = 0
        while count < Self.partMax {
            guard let name = try listing.next() else {
                isAtEnd = true
                break
            }
            count += 1
            if rules.leftAlone(name) == nil {
                names.append(name)
            } else if let job = SpoolLayout.carriedJob(name) {
                carried.append(job)
            }
        }
        // After the names: whatever can be seen has its event.
        let arrivals = names.isEmpty ? .none : arrivals()
        for name in names {
            if let arrival = arrivals[name] {
                keep(DropPlace(name, arrival: arrival))
            } else {
                keep(DropPlace(name, modified: listing.modified(name) ?? .max))
            }
        }
        if isAtEnd { sort() }
        return carried
    }

    private func keep(_ place: DropPlace) {
        if !isCut {
            if places.count < keptMax { return places.append(place) }
            first = Heap(places)
            places = []
            isCut = true
        }
        if let last = first.max, place < last { first.replaceMax(with: place) }
    }

    private func sort() {
        listing = nil
        if isCut { places = first.unordered }
        first = Heap()
        places.sort(by: >)
    }

    var isEmpty: Bool { places.isEmpty }

    /// Takes the next drops, `count` at most.
    func next(_ count: Int) -> [DropPlace] {
        let taken = places.suffix(count)
        places.removeLast(taken.count)
        return taken.reversed()
    }
}
