/// One measured quantity: its samples, whether writes were synced, and its target.
struct Figure: Codable {
    /// A bound for the median.
    enum Target: Codable {
        case atLeast(Double)
        case atMost(Double)

        func isMet(by value: Double) -> Bool {
            switch self {
            case .atLeast(let bound): value >= bound
            case .atMost(let bound): value <= bound
            }
        }
    }

    var benchmark: String
    var name: String
    var unit: String
    /// One value a run.
    var samples: [Double]
    /// `synced`, `not synced`, or empty where nothing is written.
    var durability = ""
    var target: Target?

    var median: Double {
        let sorted = samples.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    var lowest: Double { samples.min() ?? 0 }
    var highest: Double { samples.max() ?? 0 }

    /// The ratio of two figures that were measured in turn, run by run.
    static func ratio(_ name: String, _ figure: Figure, to base: Figure, target: Target? = nil) -> Figure {
        Figure(
            benchmark: figure.benchmark,
            name: name,
            unit: "%",
            samples: zip(figure.samples, base.samples).map { $0 / $1 * 100 },
            durability: figure.durability,
            target: target
        )
    }
}
