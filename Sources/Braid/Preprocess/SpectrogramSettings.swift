internal import Torch

/// How weights want their spectrograms: part of what they were trained with.
public struct SpectrogramSettings: Sendable, Equatable {
    /// What is taken of the filters' output.
    public enum Logarithm: Sendable, Equatable {
        /// 10 log10, of at least 1e-10.
        case decibels
        /// The natural one, of the output plus an offset.
        case natural(offset: Double)
    }

    /// Stretches of a spectrogram that are encoded one by one.
    public struct Windows: Sendable, Equatable {
        /// Frames in each.
        public var frames: Int
        /// Frames from one's start to the next one's.
        public var hop: Int
        /// Whether a last, incomplete one is left out; else a window that ends with the recording stands for it.
        public var dropsLast: Bool
    }

    /// Hz.
    public var sampleRate: Int
    /// Samples that are weighed by a periodic Hann window.
    public var window: Int
    /// Samples of the Fourier transform.
    public var fft: Int
    /// Samples from frame to frame.
    public var hop: Int
    public var melBins: Int
    /// Hz.
    public var low = 0.0
    public var high: Double
    public var scale = MelScale.slaney
    /// Whether each filter is divided by its width.
    public var isAreaNormalised = true
    /// Whether filters are triangles on the mel scale, and not in Hz.
    public var hasMelTriangles = false
    /// Whether filters are made in single precision, as torchaudio makes them; else in double, as librosa does.
    public var hasTorchaudioFilters = false
    /// Whether frames are centred on multiples of the hop, the edges reflected; else the first starts with the recording.
    public var isCentered = true
    /// 2 for power, 1 for magnitude.
    public var power = 2
    public var logarithm = Logarithm.decibels
    /// Subtracted, and divided by, at the end.
    public var mean = 0.0
    public var deviation = 1.0
    /// Fixed windows that the encoder was made for; nil where it takes any length.
    public var patches: Windows?

    /// PANNs' (Kong et al. 2020).
    public static let panns = SpectrogramSettings(
        sampleRate: 32_000, window: 1024, fft: 1024, hop: 320, melBins: 64, low: 50, high: 14_000)

    /// VGGish's (Hershey et al. 2017).
    public static let vggish = audioSet(offset: 0.01, patches: Windows(frames: 96, hop: 96, dropsLast: true))

    /// YAMNet's (Plakal and Ellis 2019).
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
