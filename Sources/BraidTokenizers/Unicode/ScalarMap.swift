/// A number for every Unicode scalar, in pages of 256 of which equal neighbours are stored once.
struct ScalarMap: Sendable {
    private let pages: [UInt16]
    private let values: [UInt16]

    /// `fill` gets one element for each code point, all 0.
    init(_ fill: (inout [UInt16]) -> Void) {
        var all = [UInt16](repeating: 0, count: 0x110000)
        fill(&all)
        var pages: [UInt16] = []
        var values = [UInt16](repeating: 0, count: 256)
        for start in stride(from: 0, to: all.count, by: 256) {
            let page = all[start..<start + 256]
            if page.allSatisfy({ $0 == 0 }) {
                pages.append(0)
            } else if !page.elementsEqual(values[(values.count - 256)...]) {
                pages.append(UInt16(values.count / 256))
                values.append(contentsOf: page)
            } else {
                pages.append(UInt16(values.count / 256 - 1))
            }
        }
        self.pages = pages
        self.values = values
    }

    @inline(__always)
    subscript(scalar: UInt32) -> UInt16 { values[Int(pages[Int(scalar >> 8)]) << 8 | Int(scalar & 0xFF)] }
}
