internal import Foundation

/// HTML or SVG. What comes from elsewhere becomes part of it only as text: literals and what is interpolated into them are escaped, and elements are
/// made by `tag` and `void`.
struct Markup: ExpressibleByStringInterpolation {
    /// As it stands in the page.
    let source: String

    /// Text.
    init(_ text: String) { source = Self.escaped(text) }

    /// Text.
    init(stringLiteral text: String) { self.init(text) }

    /// What is markup already, and holds nothing that comes from a file.
    init(trusted source: String) { self.source = source }

    static let nothing = Markup(trusted: "")

    /// An element with what stands in it. An attribute whose value is nil is left out.
    static func tag(_ name: String, _ attributes: KeyValuePairs<String, String?>, _ content: Markup...) -> Markup {
        tag(name, attributes, content)
    }

    static func tag(_ name: String, _ attributes: KeyValuePairs<String, String?>, _ content: [Markup]) -> Markup {
        Markup(trusted: "<\(name)\(written(attributes))>\(content.map(\.source).joined())</\(name)>")
    }

    /// An element that nothing stands in: `img`, `meta`, the shapes of SVG.
    static func void(_ name: String, _ attributes: KeyValuePairs<String, String?>) -> Markup {
        Markup(trusted: "<\(name)\(written(attributes))/>")
    }

    static func + (left: Markup, right: Markup) -> Markup { Markup(trusted: left.source + right.source) }

    static func escaped(_ text: String) -> String {
        Printable.escaped(text).replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static func written(_ attributes: KeyValuePairs<String, String?>) -> String {
        attributes.compactMap { name, value in value.map { " \(name)=\"\(escaped($0))\"" } }.joined()
    }
}

extension [Markup] {
    /// One after the other.
    var joined: Markup { Markup(trusted: map(\.source).joined(separator: "\n")) }
}
