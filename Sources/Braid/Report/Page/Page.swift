internal import Foundation

/// A page that needs nothing beside itself, and the parts that all pages are made of.
enum Page {
    /// A section, and what links call it.
    struct Section {
        let heading: String
        let body: Markup

        init(_ heading: String, _ body: Markup...) { (self.heading, self.body) = (heading, body.joined) }
    }

    /// - Parameters:
    ///   - opening: What stands above the list of sections.
    ///   - sections: Linked from the top where there are more than two.
    static func document(_ title: String, _ subtitle: String, opening: [Markup] = [], _ sections: [Section]) -> String {
        let links = sections.enumerated().map { number, section in
            Markup.tag("a", ["href": "#s\(number + 1)"], Markup(section.heading))
        }
        let navigation = sections.count > 2 ? Markup.tag("nav", ["aria-label": "Sections"], links) : .nothing
        let bodies = sections.enumerated().map { number, section in
            Markup.tag(
                "section", ["id": "s\(number + 1)", "aria-labelledby": "h\(number + 1)"],
                .tag("h2", ["id": "h\(number + 1)"], Markup(section.heading)), section.body)
        }
        let header = Markup.tag("header", .tag("h1", Markup(title)), .tag("p", Markup(subtitle)))
        let main = Markup.tag("main", [[header], opening, [navigation], bodies].joined().map { $0 })
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            \(Markup.tag("title", "\(title) · Braid").source)
            <style>\(ChartStyle.variables)\(PageStyle.rules)\(ChartStyle.rules)</style></head>
            <body>\(main.source)</body></html>

            """
    }

    static func note(_ text: String) -> Markup { .tag("p", ["class": "note"], Markup(text)) }

    static func notes(_ texts: [String]) -> Markup { texts.map(note).joined }

    /// What a machine reads, line by line; long lines are broken.
    static func code(_ text: String) -> Markup { .tag("pre", .tag("code", Markup(text))) }

    /// What is shown on demand.
    ///
    /// - Parameter isPrinted: Whether it stands on paper, where nobody can ask for it.
    static func details(_ summary: String, isPrinted: Bool = false, _ body: Markup) -> Markup {
        .tag("details", ["class": isPrinted ? "kept" : nil], .tag("summary", Markup(summary)), body)
    }

    /// Names and what they are.
    static func facts(_ facts: [(name: String, value: String)]) -> Markup {
        .tag(
            "dl", ["class": "facts"],
            facts.map { .tag("div", .tag("dt", Markup($0.name)), .tag("dd", Markup($0.value))) })
    }

    /// Boxes beside each other.
    static func columns(_ parts: [Markup]) -> Markup { .tag("div", ["class": "columns"], parts) }

    /// A figure in large type, what it is, and how sure.
    static func tile(_ value: String, _ name: String, _ remark: String? = nil) -> Markup {
        .tag(
            "div", ["class": "tile"], .tag("b", Markup(value)), .tag("span", Markup(name)),
            remark.map { .tag("small", Markup($0)) } ?? .nothing)
    }

    static func tiles(_ tiles: [Markup]) -> Markup { .tag("div", ["class": "tiles"], tiles) }
}

extension Markup {
    /// An element without attributes.
    static func tag(_ name: String, _ content: Markup...) -> Markup { tag(name, [:], content) }

    static func tag(_ name: String, _ content: [Markup]) -> Markup { tag(name, [:], content) }
}

/// Numbers as pages and drawings show them.
enum Shown {
    static func percent(_ value: Double, digits: Int = 2) -> String { number(100 * value, digits: digits) + " %" }

    /// With so many decimal places; what rounds to nothing has no sign.
    static func number(_ value: Double, digits: Int) -> String { unsigned(String(format: "%.\(digits)f", value)) }

    /// In groups of three digits.
    static func count(_ value: Int) -> String {
        var digits = String(value.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (value < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// With so many digits that count.
    static func short(_ value: Double, digits: Int = 4) -> String { unsigned(String(format: "%.\(digits)g", value)) }

    /// A name within a line: what users call classes may be of any length.
    static func name(_ text: String, atMost limit: Int = 80) -> String { Printable.name(text, atMost: limit) }

    private static func unsigned(_ text: String) -> String {
        text.hasPrefix("-") && !text.contains { "123456789n".contains($0) } ? String(text.dropFirst()) : text
    }

    /// A figure of a metric, and the interval around it.
    static func figure(_ metric: Metric, _ value: Double) -> String {
        metric.isPercentage ? percent(value) : number(value, digits: 4)
    }

    static func interval(_ metric: Metric, _ interval: FigureInterval) -> String {
        guard metric.isPercentage else {
            return "\(number(interval.lower, digits: 4)) to \(number(interval.upper, digits: 4))"
        }
        return "\(number(100 * interval.lower, digits: 2)) to \(percent(interval.upper))"
    }
}
