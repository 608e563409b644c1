internal import Foundation

/// Scales of pitch, on which the triangular filters that divide a spectrum are evenly spaced.
public enum MelScale: String, Sendable {
    /// HTK's scale: a frequency of f hertz is 2595 log10(1 + f / 700) mel.
    case htk
    /// The scale of Slaney's Auditory Toolbox, librosa's default: linear to 1 kHz, logarithmic above.
    case slaney

    private static let linearStep = 200.0 / 3
    private static let knee = 1000.0
    private static let logStep = Foundation.log(6.4) / 27

    func mel(_ hertz: Double) -> Double {
        switch self {
        case .htk: 2595 * Foundation.log10(1 + hertz / 700)
        case .slaney:
            hertz < Self.knee
                ? hertz / Self.linearStep
                : Self.knee / Self.linearStep + Foundation.log(hertz / Self.knee) / Self.logStep
        }
    }

    func hertz(_ mel: Double) -> Double {
        switch self {
        case .htk: return 700 * (pow(10, mel / 2595) - 1)
        case .slaney:
            let kneeMel = Self.knee / Self.linearStep
            return mel < kneeMel ? mel * Self.linearStep : Self.knee * exp(Self.logStep * (mel - kneeMel))
        }
    }

    /// The filters `[bins, mels]`, row by row, as librosa, torchaudio or TensorFlow makes them.
    func filters(_ settings: SpectrogramSettings) -> [Float] {
        let (bins, mels) = (settings.fft / 2 + 1, settings.melBins)
        let (first, last) = (mel(settings.low), mel(settings.high))
        let melEdges = (0..<mels + 2).map { first + (last - first) * Double($0) / Double(mels + 1) }
        let edges = settings.hasMelTriangles ? melEdges : melEdges.map(hertz)
        var filters = [Float](repeating: 0, count: bins * mels)
        // TensorFlow's leave the constant part of the sound out.
        for bin in (settings.hasMelTriangles ? 1 : 0)..<bins {
            let hertz = Double(bin) * Double(settings.sampleRate) / 2 / Double(bins - 1)
            let place = settings.hasMelTriangles ? mel(hertz) : hertz
            for mel in 0..<mels {
                let rising = (place - edges[mel]) / (edges[mel + 1] - edges[mel])
                let falling = (edges[mel + 2] - place) / (edges[mel + 2] - edges[mel + 1])
                let area = settings.isAreaNormalised ? 2 / (edges[mel + 2] - edges[mel]) : 1
                // Rounded before the norm and after it, as librosa's are.
                filters[bin * mels + mel] = Float(Double(Float(max(0, min(rising, falling)))) * area)
            }
        }
        return filters
    }
}
