/// Horizontal bars with the spread of the runs, as an SVG that fits light and dark pages.
struct Plot {
    struct Bar {
        var label: String
        var value: Double
        var spread: ClosedRange<Double>
        /// Whether it is AgentSpool's, and not one that AgentSpool is compared with.
        var isOurs: Bool
    }

    var name: String
    var title: String
    var unit: String
    var bars: [Bar]

    /// The plots of a report, without those whose figures were not measured.
    static func all(_ report: Report) -> [Plot] {
        func bar(_ benchmark: String, _ name: String, _ label: String, isOurs: Bool = true) -> Bar? {
            report.figures.first { $0.benchmark == benchmark && $0.name == name }.map {
                Bar(label: label, value: $0.median, spread: $0.lowest...$0.highest, isOurs: isOurs)
            }
        }
        let sizes = ["10,000", "100,000", "1,000,000"]
        return [
            Plot(
                name: "backlog",
                title: "Durable jobs a second, by files waiting",
                unit: "jobs/s",
                bars: sizes.compactMap { bar("backlog", "rate, \($0) waiting", "\($0) waiting") }
            ),
            Plot(
                name: "drain",
                title: "Jobs a second, all synced",
                unit: "jobs/s",
                bars: [
                    bar("drain", "jobs, durable", "AgentSpool"),
                    bar("drain", "limit program", "the same calls in C", isOurs: false),
                ].compactMap(\.self)
            ),
        ].filter { !$0.bars.isEmpty }
    }

    private static let (width, labelWidth, valueWidth, rowHeight, top) = (720.0, 190.0, 120.0, 34.0, 48.0)

    var svg: String {
        let most = bars.map(\.spread.upperBound).max() ?? 1
        let scale = (Self.width - Self.labelWidth - Self.valueWidth) / most
        let height = Self.top + Double(bars.count) * Self.rowHeight + 12
        let rows = bars.enumerated().map { index, bar in
            let y = Self.top + Double(index) * Self.rowHeight
            let end = Self.labelWidth + bar.value * scale
            let (low, high) = (
                Self.labelWidth + bar.spread.lowerBound * scale, Self.labelWidth + bar.spread.upperBound * scale
            )
            let middle = y + 11
            return """
                <text class="label" x="\(Self.labelWidth - 10)" y="\(y + 16)" text-anchor="end">\(bar.label)</text>
                <rect class="\(bar.isOurs ? "ours" : "other")" x="\(Self.labelWidth)" y="\(y)" width="\(end - Self.labelWidth)" height="22" rx="3"/>
                <path class="spread" d="M\(low) \(middle)H\(high)M\(low) \(middle - 4)v8M\(high) \(middle - 4)v8"/>
                <text class="label" x="\(max(end, high) + 8)" y="\(y + 16)">\(Report.text(bar.value)) \(unit)</text>
                """
        }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Self.width) \(height)" role="img" aria-label="\(title)">
            <style>
            text { font: 14px system-ui, sans-serif; fill: #24292f }
            .title { font-weight: 600; font-size: 16px }
            .ours { fill: #2f6fb5 } .other { fill: #9aa4ae } .spread { stroke: #24292f; fill: none }
            @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .spread { stroke: #e6edf3 } .ours { fill: #5b9bd9 } }
            </style>
            <text class="title" x="8" y="26">\(title)</text>
            \(rows.joined(separator: "\n"))
            </svg>

            """
    }
}
