internal import Torch

/// How spectrograms are made: part of what weights were trained with.
public struct SpectrogramSettings: Sendable, Equatable {
    /// The logarithm that is taken of the filters' output.
    public enum Logarithm: Sendable, Equatable {
        /// Ten times the decimal logarithm of the output, which counts as 1e-10 where it is less.
        case decibels
        /// The natural logarithm of the output plus `offset`.
        case natural(offset: Double)
    }

    /// Windows that a spectrogram is cut into, to be encoded one by one.
    public struct Windows: Sendable, Equatable {
        /// How many frames each window has.
        public var frames: Int
        /// How many frames lie between the start of a window and the next one's.
        public var hop: Int
        /// Whether a last window that is not full is left out; else one that ends with the recording stands for it.
        public var dropsLast: Bool
    }

    /// The rate, in hertz, that recordings are resampled to.
    public var sampleRate: Int
    /// How many samples the periodic Hann window weighs.
    public var window: Int
    /// How many samples the Fourier transform takes; zeros fill up what the window lacks.
    public var fft: Int
    /// How many samples lie between the starts of two frames.
    public var hop: Int
    /// How many mel filters there are.
    public var melBins: Int
    /// Where the lowest filter starts, in hertz.
    public var low = 0.0
    /// Where the highest filter ends, in hertz.
    public var high: Double
    /// The scale of pitch on which filters are spaced.
    public var scale = MelScale.slaney
    /// Whether each filter is divided by its width, as librosa's `norm="slaney"` does.
    public var isAreaNormalised = true
    /// Whether filters are triangles over mel, as TensorFlow's are; else over hertz.
    public var hasMelTriangles = false
    /// Whether filters are made in single precision, as torchaudio makes them; else in double, as librosa does.
    public var hasTorchaudioFilters = false
    /// Whether frames are centred on multiples of the hop, the edges reflected; else the first starts with the recording.
    public var isCentered = true
    /// The power of the magnitude that filters take: 2 for the power spectrum, 1 for the magnitude itself.
    public var power = 2
    /// The logarithm of the filters' output.
    public var logarithm = Logarithm.decibels
    /// What is subtracted from the logarithm.
    public var mean = 0.0
    /// What the logarithm, less the mean, is divided by.
    public var deviation = 1.0
    /// Windows of the length that the encoder was made for; nil where it takes any length.
    public var patches: Windows?

    /// The settings of PANNs at 32 kHz (Kong et al. 2020, arXiv:1912.10211).
    public static let panns = SpectrogramSettings(
        sampleRate: 32_000, window: 1024, fft: 1024, hop: 320, melBins: 64, low: 50, high: 14_000)

    /// The settings of VGGish (Hershey et al. 2017, arXiv:1609.09430): patches of 0.96 seconds, side by side.
    public static let vggish = audioSet(offset: 0.01, patches: Windows(frames: 96, hop: 96, dropsLast: true))

    /// The settings of YAMNet (Plakal and Ellis 2019): patches of 0.96 seconds, of which each overlaps the next by half.
    public static let yamnet = audioSet(offset: 0.001, patches: Windows(frames: 96, hop: 48, dropsLast: true))

    private static func audioSet(offset: Double, patches: Windows) -> SpectrogramSettings {
        var settings = SpectrogramSettings(
            sampleRate: 16_000, window: 400, fft: 512, hop: 160, melBins: 64, low: 125, high: 7500, scale: .htk)
        settings.isAreaNormalised = false
        settings.hasMelTriangles = true
        settings.isCentered = false
        settings.power = 1
        settings.logarithm = .natural(offset: offset)
        settings.patches = patches
        return settings
    }
}

extension SpectrogramSettings {
    private static let keys = [
        "sample_rate", "window_size", "fft_size", "hop_size", "mel_bins", "fmin", "fmax", "mel_scale", "mel_norm",
        "mel_triangles", "mel_filters", "centered", "power", "log", "log_offset", "mean", "std", "patch_frames", "patch_hop",
    ]

    /// Reads the `front_end` of a `config.json`, every key of which acts.
    init(_ json: JSONObject) throws {
        for key in json.fields.keys.sorted() where !Self.keys.contains(key) {
            let near = nearest(to: key, in: Self.keys).map { "; did you mean \($0)?" } ?? ""
            throw json.fault("\(key) is not a front-end setting\(near)")
        }
        sampleRate = try json.int("sample_rate")
        window = try json.int("window_size")
        fft = try json.int("fft_size", window)
        hop = try json.int("hop_size")
        melBins = try json.int("mel_bins")
        low = try json.double("fmin", 0)
        high = try json.double("fmax", Double(sampleRate) / 2)
        guard let scale = MelScale(rawValue: try json.string("mel_scale", "slaney")) else {
            throw json.fault("mel_scale must be htk or slaney, not \(try json.string("mel_scale"))")
        }
        self.scale = scale
        isAreaNormalised = try json.choice("mel_norm", ["slaney": true, "none": false], true)
        hasMelTriangles = try json.choice("mel_triangles", ["mel": true, "hz": false], false)
        hasTorchaudioFilters = try json.choice("mel_filters", ["torchaudio": true, "librosa": false], false)
        guard !(hasTorchaudioFilters && hasMelTriangles) else {
            throw json.fault("mel_filters: torchaudio acts only on triangles in Hz; leave mel_triangles out")
        }
        isCentered = try json.bool("centered", true)
        power = try json.int("power", 2)
        let isNatural = try json.choice("log", ["natural": true, "db": false], false)
        guard isNatural || !json.has("log_offset") else { throw json.fault("log_offset acts only with log: natural; leave it out") }
        logarithm = isNatural ? .natural(offset: try json.double("log_offset", 1e-6)) : .decibels
        mean = try json.double("mean", 0)
        deviation = try json.double("std", 1)
        if json.has("patch_frames") {
            let frames = try json.int("patch_frames")
            patches = Windows(frames: frames, hop: try json.int("patch_hop", frames), dropsLast: true)
        } else if json.has("patch_hop") {
            throw json.fault("patch_hop acts only with patch_frames; leave it out")
        }
        try check(json)
    }

    private func check(_ json: JSONObject) throws {
        let patchesFit = patches.map { (1...100_000).contains($0.frames) && (1...100_000).contains($0.hop) } ?? true
        guard
            (1...1_000_000).contains(sampleRate), (2...65_536).contains(fft), (1...fft).contains(window), (1...fft).contains(hop),
            (1...1024).contains(melBins), low >= 0, high > low, high <= Double(sampleRate) / 2, (1...2).contains(power),
            deviation > 0, mean.isFinite, patchesFit
        else { throw json.fault("the front end's numbers do not fit together (rate, window, hop, mel range, power, std, patches)") }
        if case .natural(let offset) = logarithm, !(offset > 0) { throw json.fault("log_offset must be above 0") }
        // As many as are made at a time of a recording of any length, and of one that is just short enough to be made whole.
        try Self.check(frames: SpectrogramBlocks.size + 3 * fft / hop, fft, json)
    }

    /// That what is made of a window at a time is no more than it may be.
    ///
    /// - Parameters:
    ///   - frames: How many frames there are.
    ///   - samples: How many samples each is made of.
    static func check(frames: Int, _ samples: Int, _ json: JSONObject) throws {
        let (count, overflows) = frames.multipliedReportingOverflow(by: samples)
        guard overflows || count > Limit.windowValues.value else { return }
        throw Limit.windowValues.exceeded("\(frames) frames of \(samples) samples each", file: json.path)
    }
}

extension JSONObject {
    /// What the text under `name` stands for.
    fileprivate func choice<Value>(_ name: String, _ meanings: [String: Value], _ fallback: Value) throws -> Value {
        guard has(name) else { return fallback }
        let text = try string(name)
        guard let value = meanings[text] else {
            throw fault("\(name) must be \(meanings.keys.sorted().joined(separator: " or ")), not \(text)")
        }
        return value
    }
}
