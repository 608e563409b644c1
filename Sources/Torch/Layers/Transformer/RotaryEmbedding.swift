internal import Foundation

/// Rotary position embedding (Su et al. 2021, arXiv:2104.09864): queries and keys are turned by angles that grow with their positions.
///
/// The first and the second half of what is turned are the two coordinates of each angle, as Transformers has it.
public struct RotaryEmbedding: Sendable {
    /// `[T, R]`: R values of each head are turned, the others stay.
    private let cosines: Tensor
    private let sines: Tensor

    /// Of given angles.
    ///
    /// - Parameter angles: Of each position, R / 2 angles.
    private init(angles: [[Double]]) throws(TorchError) {
        func table(_ function: (Double) -> Double) throws(TorchError) -> Tensor {
            let rows = angles.flatMap { row in (row + row).map { Float(function($0)) } }
            return try Tensor(rows, shape: [angles.count, 2 * (angles.first?.count ?? 0)])
        }
        cosines = try table { cos($0) }
        sines = try table { sin($0) }
    }

    /// Of positions 0 to `length` - 1, at frequencies `base` to the power of -2i / `size`.
    ///
    /// - Parameters:
    ///   - length: T, how many positions there are.
    ///   - size: R, how many values of each head are turned; even.
    ///   - base: What the slowest angle's wave is as long as: 10,000 in the paper.
    public init(length: Int, size: Int, base: Double) throws(TorchError) {
        // As the reference: frequencies and angles in float32.
        let frequencies = (0..<size / 2).map { Float(1) / Float(pow(base, Double(Float(2 * $0) / Float(size)))) }
        try self.init(angles: (0..<length).map { position in frequencies.map { Double(Float(position) * $0) } })
    }

    /// Of patches of a picture, by where their middles lie between -1 and 1, down and across, behind tokens that are not turned (Siméoni et al. 2025,
    /// arXiv:2508.10104).
    ///
    /// - Parameters:
    ///   - rows: How many patches lie below one another.
    ///   - columns: How many lie beside one another.
    ///   - behind: How many tokens stand in front of the patches.
    ///   - size: R, how many values of each head are turned; a multiple of 4.
    ///   - base: What the slowest angle's wave is as long as.
    public init(rows: Int, columns: Int, behind: Int, size: Int, base: Double) throws(TorchError) {
        // As the reference: all in float32.
        let frequencies = (0..<size / 4).map { Float(1) / Float(pow(base, Double(Float($0) * Float(4) / Float(size)))) }
        let angles = { (place: Int, count: Int) in
            let middle = 2 * ((Float(place) + 0.5) / Float(count)) - 1
            return frequencies.map { Double(Float(2 * Double.pi) * middle * $0) }
        }
        let still = [[Double]](repeating: [Double](repeating: 0, count: size / 2), count: behind)
        let patches = (0..<rows).flatMap { row in (0..<columns).map { angles(row, rows) + angles($0, columns) } }
        try self.init(angles: still + patches)
    }

    /// Turns `[B, heads, T, size]`, T at most as many positions as there are angles for.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let (length, size) = (x.shape[2], x.shape[3])
        let turned = cosines.shape[1]
        let cosines = try cosines.slice(0, 0..<length).converted(to: x.dtype).moved(to: x.device)
        let sines = try sines.slice(0, 0..<length).converted(to: x.dtype).moved(to: x.device)
        let part = turned == size ? x : try x.slice(3, 0..<turned)
        let swapped = try Tensor.concatenate([part.slice(3, turned / 2..<turned).scaled(by: -1), part.slice(3, 0..<turned / 2)], 3)
        let result = try part * cosines + swapped * sines
        return try turned == size ? result : .concatenate([result, x.slice(3, turned..<size)], 3)
    }
}
