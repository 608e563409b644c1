internal import Foundation

/// Columns of text. Names are shown as a terminal may show them, and none is wider than `Printable.longestName`.
package enum TextTable {
    /// `text` at the left of `width` places.
    package static func leading(_ text: String, _ width: Int) -> String {
        let text = Printable.name(text)
        return text + padding(text, width)
    }

    /// `text` at the right of `width` places.
    package static func trailing(_ text: String, _ width: Int) -> String {
        let text = Printable.name(text)
        return padding(text, width) + text
    }

    private static func padding(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, min(width, Printable.longestName) - text.count))
    }
}
