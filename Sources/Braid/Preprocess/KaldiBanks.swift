internal import Foundation
internal import Torch

/// Kaldi's filter banks (Povey et al. 2011) as torchaudio makes them: natural logarithms of mel energies, of 25 ms every 10 ms.
struct KaldiBanks {
    /// Samples between the starts of two frames.
    let hop: Int
    /// Samples of a frame.
    var length: Int { window.count }
    private let window: Tensor
    private let fft: Int
    /// `[fft / 2 + 1, mels]`.
    private let filters: Tensor
    /// What samples are multiplied by first.
    private let gain: Double

    /// What each sample is diminished by of the one before it.
    private static let emphasis = 0.97
    /// The lowest filter's beginning, in hertz.
    private static let low = 20.0
    /// The least energy: float32's epsilon.
    private static let floor = 1.1920928955078125e-07

    /// - Parameters:
    ///   - rate: The rate in hertz.
    ///   - bins: How many mel bins a frame has.
    ///   - windowPower: What the symmetric Hann window is raised to: 0.85 for Povey's, Kaldi's own.
    ///   - gain: What samples are multiplied by first.
    init(rate: Int, bins: Int, windowPower: Double, gain: Double = 1) throws {
        let length = rate * 25 / 1000
        hop = rate * 10 / 1000
        var fft = 1
        while fft < length { fft *= 2 }
        (self.fft, self.gain) = (fft, gain)
        // torch's rounding of it: in what little energy a loud sound leaves in other bands another rounding shows.
        let hann = try Tensor.hannWindow(length, isPeriodic: false)
        window = windowPower == 1 ? hann : try hann.power(windowPower)
        filters = try Self.filters(rate: rate, fft: fft, bins: bins)
    }

    /// The samples of so many frames.
    func samples(of frames: Int) -> Int { (frames - 1) * hop + length }

    /// The banks of a recording, `[frames, mels]`: one frame at least, silence behind.
    func callAsFunction(_ samples: [Float]) throws -> Tensor {
        var signal = try Tensor(samples, shape: [samples.count]).padded([0, max(0, length - samples.count)])
        if gain != 1 { signal = try signal.scaled(by: gain) }
        let frames = try signal.frames(of: length, hop: hop)
        let centred = try frames - frames.mean([1], keep: true)
        let before = try Tensor.concatenate([centred.slice(1, 0..<1), centred.slice(1, 0..<length - 1)], 1)
        let spectrum = try ((centred - before.scaled(by: Self.emphasis)) * window).powerSpectrum(fft: fft)
        return try spectrum.matmul(filters).clamped(atLeast: Self.floor).log()
    }

    /// Triangles over mel of 1127 ln(1 + f / 700), in single precision from the start, as torchaudio has them. The highest frequency belongs to none.
    private static func filters(rate: Int, fft: Int, bins: Int) throws -> Tensor {
        func mel(_ hertz: Double) -> Double { 1127 * log(1 + hertz / 700) }
        let (first, last) = (mel(low), mel(Double(rate) / 2))
        let step = (last - first) / Double(bins + 1)
        let numbers = try Tensor.range(bins).converted(to: .float32)
        let (left, centre, right) = (
            try numbers.scaled(by: step).adding(first), try numbers.adding(1).scaled(by: step).adding(first),
            try numbers.adding(2).scaled(by: step).adding(first)
        )
        let hertz = try Tensor.range(fft / 2).converted(to: .float32).scaled(by: Double(rate) / Double(fft))
        let place = try (hertz / Tensor.full([], 700)).adding(1).log().scaled(by: 1127).unsqueezed(1)
        let rising = try (place - left) / (centre - left)
        let falling = try (right - place) / (right - centre)
        return try rising.minimum(falling).clamped(atLeast: 0).padded([0, 0, 0, 1])
    }
}
