internal import Torch

/// Encodes the cells of a row.
struct TableFrontEnd: FrontEnd {
    let encoding: TableEncoding
    /// Whether categories become their places, one number each, for a table of vectors; else they are one-hot.
    let givesPlaces: Bool

    var summary: String { "columns \(encoding.summary)" }

    /// `[width]`; with places `[number width + categories]`, a place from 1, and 0 for a category that is new.
    func prepare(_ medium: Medium) throws -> Tensor {
        let row = try TableRow(medium)
        guard givesPlaces else { return try Tensor(encoding.values(row), shape: [encoding.width]) }
        let (numbers, places) = try encoding.encode(row)
        return try Tensor(
            numbers + places.map { Float(($0 ?? -1) + 1) }, shape: [encoding.numberWidth + encoding.categories.count])
    }

    func collate(_ prepared: [Tensor]) throws -> EncoderInput { EncoderInput(values: try .stack(prepared)) }
}
