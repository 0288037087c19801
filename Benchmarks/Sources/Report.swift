import Foundation

/// All figures, as a table for people, results.json for programs and plots for the README.
struct Report: Codable {
    var machine: Machine
    var figures: [Figure] = []

    init(machine: Machine) { self.machine = machine }

    /// Adds what one run measured: samples of figures that are there, and figures.
    mutating func add(_ figures: [Figure]) {
        for figure in figures {
            let index = self.figures.firstIndex { $0.benchmark == figure.benchmark && $0.name == figure.name }
            if let index { self.figures[index].samples += figure.samples } else { self.figures.append(figure) }
        }
    }

    // MARK: Table

    var table: String {
        let head = ["BENCHMARK", "FIGURE", "MEDIAN", "LOWEST", "HIGHEST", "UNIT", "DURABILITY", "TARGET", ""]
        let rows = figures.map { figure in
            [
                figure.benchmark, figure.name, Self.text(figure.median), Self.text(figure.lowest),
                Self.text(figure.highest),
                figure.unit, figure.durability, figure.target.map(Self.text) ?? "",
                figure.target.map { $0.isMet(by: figure.median) ? "met" : "missed" } ?? "",
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        let numeric = 2...4
        return ([head] + rows).map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return numeric.contains(column) ? padding + row[column] : row[column] + padding
            }
            .joined(separator: "  ").replacing(/\ +$/, with: "")
        }
        .joined(separator: "\n")
    }

    static func text(_ value: Double) -> String {
        if value >= 100 { return Int(value.rounded()).formatted(.number.locale(Locale(identifier: "en_US"))) }
        return String(format: value >= 10 ? "%.1f" : "%.2f", value)
    }

    private static func text(_ target: Figure.Target) -> String {
        switch target {
        case .atLeast(let bound): "≥ \(text(bound))"
        case .atMost(let bound): "≤ \(text(bound))"
        }
    }

    // MARK: Files

    /// Writes results.json and the plots; keeps the earlier figures of benchmarks that were not run now.
    func write(to directory: String) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let file = URL(fileURLWithPath: "\(directory)/results.json")
        var report = self
        if let data = try? Data(contentsOf: file), let earlier = try? JSONDecoder().decode(Report.self, from: data) {
            let measured = Set(figures.map(\.benchmark))
            let all = earlier.figures.filter { !measured.contains($0.benchmark) } + figures
            let order = Suite.all.map(\.name)
            report.figures = all.enumerated().sorted { left, right in
                let places = [left, right].map { order.firstIndex(of: $0.element.benchmark) ?? order.count }
                return (places[0], left.offset) < (places[1], right.offset)
            }.map(\.element)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(report).write(to: file)
        for plot in Plot.all(report) {
            try plot.svg.write(toFile: "\(directory)/\(plot.name).svg", atomically: true, encoding: .utf8)
        }
    }
}
