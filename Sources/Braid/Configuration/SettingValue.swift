internal import Foundation
internal import Yams

/// A value of a configuration, as it holds: what the resolved document and `model.json` write.
public indirect enum SettingValue: Sendable, Equatable {
    /// A name, a path, or another text.
    case text(String)
    /// A whole number.
    case whole(Int)
    /// Any other number.
    case number(Double)
    /// Yes or no.
    case flag(Bool)
    /// Several values, in their order.
    case list([SettingValue])

    /// On one line, as YAML reads it back.
    var yaml: String {
        switch self {
        case .text(let text): Self.quoted(text)
        case .whole(let number): "\(number)"
        case .number(let number): "\(number)"
        case .flag(let flag): "\(flag)"
        case .list(let items): "[\(items.map(\.yaml).joined(separator: ", "))]"
        }
    }

    /// As `JSONSerialization` writes it.
    var json: Any {
        switch self {
        case .text(let text): text
        case .whole(let number): number
        case .number(let number): number
        case .flag(let flag): flag
        case .list(let items): items.map(\.json)
        }
    }

    /// Quotes what YAML would read as something other than this text.
    private static func quoted(_ text: String) -> String {
        let plain = text.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "/._-+".contains($0)) || ($0 == ":" && text.last != ":")
        }
        return plain && !text.isEmpty && !text.hasPrefix("-")
            ? text : "\"\(text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\""))\""
    }
}

/// A value as a document has it, before anybody asked what it should be.
indirect enum GivenValue: Sendable {
    case scalar(String)
    case list([GivenValue])
    case nothing

    init(_ node: Node) {
        if let items = node.sequence {
            self = .list(items.map(GivenValue.init))
        } else {
            self = node.scalar.map { .scalar($0.string) } ?? .nothing
        }
    }

    var text: String? { if case .scalar(let text) = self { text } else { nil } }
    var items: [GivenValue]? { if case .list(let items) = self { items } else { nil } }
    /// As a document would have it, on one line.
    var yaml: String {
        switch self {
        case .scalar(let text): bool != nil || double != nil ? text : SettingValue.text(text).yaml
        case .list(let items): "[\(items.map(\.yaml).joined(separator: ", "))]"
        case .nothing: "~"
        }
    }
    /// As YAML reads numbers and booleans.
    var int: Int? { text.flatMap { Node($0).int } }
    var double: Double? { text.flatMap { Node($0).float } }
    var bool: Bool? { text.flatMap { Node($0).bool } }
}
