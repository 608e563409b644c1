package import Foundation

extension NSNumber {
    /// Whether it stands for `true` or `false`: `JSONSerialization` gives these as numbers, too.
    package var isTruth: Bool { objCType.pointee == CChar(UInt8(ascii: "c")) }

    /// As it stands in JSON: `true`, `false`, or the number.
    package var jsonText: String { isTruth ? (boolValue ? "true" : "false") : stringValue }
}
