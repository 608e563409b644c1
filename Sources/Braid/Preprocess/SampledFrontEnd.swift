internal import Torch

/// A front end that prepares windows of a recording's samples, each by itself: what Transformers' feature extractors make of each.
protocol SampledFrontEnd: WindowedFrontEnd {
    /// The rate in hertz that recordings are resampled to.
    var rate: Int { get }
    /// What cuts a recording.
    var windows: SampleWindows { get }
    /// Rows of what is prepared of a window that is full.
    var windowRows: Int { get }
    /// Prepares a window, or a recording that is shorter: at most `windowRows` rows.
    func prepared(_ samples: [Float]) throws -> Tensor
}

extension SampledFrontEnd {
    /// Prepares each window of a recording; their rows stand behind one another.
    ///
    /// - Throws: `DecodeError` where the recording cannot be decoded.
    func prepare(_ medium: Medium) throws -> Tensor {
        var windows = windows
        var parts: [Tensor] = []
        try RecordingReader.read(medium, at: rate) { samples in parts += try windows.take(samples).map(prepared) }
        return try .concatenate(parts + windows.finish().map(prepared), 0)
    }

    /// Prepares a recording whose samples are changed first.
    ///
    /// - Throws: `DecodeError` where the recording cannot be decoded.
    func prepare(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> Tensor {
        var windows = windows
        let parts = try (windows.take(waveform(medium, augmentation)) + windows.finish()).map(prepared)
        return try augmentation.prepared(.concatenate(parts, 0))
    }

    /// The recording's samples as they are heard, at `rate`.
    func waveform(_ medium: Medium, _ augmentation: DrawnAugmentation) throws -> [Float] {
        var samples: [Float] = []
        try RecordingReader.read(medium, at: rate) { samples += $0 }
        return try augmentation.sound(samples, rate: rate)
    }

    /// Reads the recording to its end: the rest fails for none that can be read.
    ///
    /// - Throws: `DecodeError`.
    func check(_ medium: Medium) throws { try RecordingReader.check(medium) }

    func prepare(_ medium: Medium, encodingLong encode: ([Tensor]) throws -> Void) throws -> Tensor? {
        var windows = windows
        var ready: [Tensor] = []
        var isLong = false
        func take(_ more: [[Float]]) throws {
            ready += try more.map(prepared)
            isLong = isLong || ready.count > SampledWindows.mostHeld
            guard isLong, !ready.isEmpty else { return }
            try encode(ready)
            ready = []
        }
        try RecordingReader.read(medium, at: rate) { try take(windows.take($0)) }
        try take(windows.finish())
        return isLong ? nil : try .concatenate(ready, 0)
    }

    /// The windows of what was prepared of a recording.
    func cut(_ prepared: Tensor) throws -> [Tensor] {
        let rows = prepared.shape[0]
        return try stride(from: 0, to: rows, by: windowRows).map { try prepared.slice(0, $0..<min($0 + windowRows, rows)) }
    }

    /// The windows of all samples, and how many each has; nil where each has one.
    func cut(_ samples: [Tensor]) throws -> (windows: [Tensor], counts: [Int]?) {
        let windows = try samples.map(cut)
        let counts = windows.map(\.count)
        return (windows.flatMap { $0 }, counts.contains { $0 != 1 } ? counts : nil)
    }
}

extension EncoderSource {
    /// What the folder says of Transformers' feature extractor: in `preprocessor_config.json`, or in `processor_config.json`, where newer versions put those of
    /// models that have a tokenizer beside it; nil where there is neither.
    func featureExtractor() throws -> JSONObject? {
        if let settings = try file("processor_config.json"), settings.has("feature_extractor") {
            return try settings.object("feature_extractor")
        }
        if isOutline { return JSONObject([:], path: "preprocessor_config.json") }
        return try file("preprocessor_config.json")
    }
}

/// What all front ends of samples hold to.
enum SampledWindows {
    /// Windows of a recording that wait for other recordings to be encoded with; those of longer ones are encoded as they come.
    static let mostHeld = 4
}
