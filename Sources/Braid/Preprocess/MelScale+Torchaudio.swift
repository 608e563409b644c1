internal import Foundation
internal import Torch

extension MelScale {
    /// Filters `[bins, mels]` as torchaudio's `melscale_fbanks` makes them: in single precision from the start, and so up to
    /// 1.2e-5 of the largest from librosa's. The same operators in the same order give the same bits.
    func torchaudioFilters(_ settings: SpectrogramSettings) throws(TorchError) -> Tensor {
        let (bins, mels) = (settings.fft / 2 + 1, settings.melBins)
        let frequencies = try Tensor.linear(from: 0, through: Double(settings.sampleRate / 2), count: bins)
        let edges = try hertz(.linear(from: mel(settings.low), through: mel(settings.high), count: mels + 2))
        let widths = try edges.slice(0, 1..<mels + 2) - edges.slice(0, 0..<mels + 1)
        let slopes = try edges.unsqueezed(0) - frequencies.unsqueezed(1)
        let rising = try slopes.slice(1, 0..<mels).scaled(by: -1) / widths.slice(0, 0..<mels)
        let falling = try slopes.slice(1, 2..<mels + 2) / widths.slice(0, 1..<mels + 1)
        let filters = try rising.minimum(falling).clamped(atLeast: 0)
        guard settings.isAreaNormalised else { return filters }
        let span = try edges.slice(0, 2..<mels + 2) - edges.slice(0, 0..<mels)
        return try filters * (Tensor.full([1], 2) / span).unsqueezed(0)
    }

    /// Frequencies in hertz of values in mel, in float32.
    private func hertz(_ mels: Tensor) throws(TorchError) -> Tensor {
        switch self {
        case .htk: return try (mels / Tensor.full([1], 2595)).powers(of: 10).adding(-1).scaled(by: 700)
        case .slaney:
            let knee = mel(1000)
            let values = try mels.array(of: Float.self)
            // Linear below the knee; there are no mels above it where the range ends at 1 kHz.
            let below = values.count { Double($0) < knee }
            let linear = try mels.slice(0, 0..<below).scaled(by: 200.0 / 3)
            guard below < values.count else { return linear }
            let above = try mels.slice(0, below..<values.count)
            let step = Foundation.log(6.4) / 27
            return try .concatenate([linear, above.adding(-knee).scaled(by: step).exp().scaled(by: 1000)], 0)
        }
    }
}
