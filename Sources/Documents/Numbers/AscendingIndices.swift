/// A set of indices in ascending order.
package struct AscendingIndices: Sendable, Equatable {
    private var indices: [Int] = []

    package init() {}

    package var last: Int? { indices.last }

    package var all: [Int] { indices }

    package mutating func insert(_ index: Int) {
        let position = position(of: index)
        if position == indices.count || indices[position] != index { indices.insert(index, at: position) }
    }

    package mutating func remove(_ index: Int) {
        let position = position(of: index)
        if position < indices.count, indices[position] == index { indices.remove(at: position) }
    }

    /// The position of the first index that is not smaller.
    private func position(of index: Int) -> Int {
        var (low, high) = (0, indices.count)
        while low < high {
            let middle = (low + high) / 2
            if indices[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
