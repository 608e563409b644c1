internal import Foundation

/// Columns of text.
package enum TextTable {
    /// `text` at the left of `width` places.
    package static func leading(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// `text` at the right of `width` places.
    package static func trailing(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
