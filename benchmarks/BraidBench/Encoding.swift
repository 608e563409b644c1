// Encoders at work, for scripts that run other libraries in turn: each line on stdin is a run, each line on stdout its figures.
import Braid
import Foundation
import Torch

/// CONFIG MANIFEST OUT: embeds the manifest, from files to files, once a line; encoders stay loaded.
func serveEmbedding(_ config: String, _ manifest: String, _ out: String) throws {
    let configuration = try Configuration.read(URL(fileURLWithPath: config))
    let options = Inference.Options(reporter: SilentReporter(), cachesEmbeddings: false)
    let url = URL(fileURLWithPath: manifest)
    let export = try EmbeddingExport(
        configuration: configuration, manifest: url, modalities: Set(configuration.modalities.keys), options)
    let folder = URL(fileURLWithPath: out)
    try serve {
        if FileManager.default.fileExists(atPath: out) { try FileManager.default.removeItem(at: folder) }
        try export.write(to: .init(folder, format: .npy, partSize: 1_000_000))
    }
}

/// MODALITY CONFIG INPUTS [DEVICE]: encodes `inputs` `[N, …]` of a safetensors file, already prepared, on all cores or on a GPU; once a line. Of a manifest (.jsonl) the
/// media, which are prepared once.
func serveEncoder(_ modality: Modality, _ config: String, _ inputs: String, on device: Device) throws {
    let configuration = try Configuration.read(URL(fileURLWithPath: config))
    guard let asked = configuration.modalities[modality] else { exit(64) }
    let encoder = try ModalityEncoder(modality, asked, relativeTo: configuration.folder, device: device)
    let prepared = try inputs.hasSuffix(".jsonl") ? media(inputs, encoder) : drawn(inputs, modality)
    let batches = encoder.batches(prepared)
    // A GPU is one for all, and has worked when the embeddings are here.
    let workers = device == .cpu ? ProcessInfo.processInfo.activeProcessorCount : 1
    try serve {
        let next = Counter()
        let group = DispatchGroup()
        for _ in 0..<workers {
            group.enter()
            Thread.detachNewThread {
                onOneThread {
                    withoutGradient {
                        while let index = next.take(below: batches.count) {
                            do { _ = try encoder.encode(batches[index].map { prepared[$0] }).pooled.moved(to: .cpu) } catch {
                                next.fail(error)
                            }
                        }
                    }
                }
                group.leave()
            }
        }
        group.wait()
        if let error = next.error { throw error }
    }
}

private func drawn(_ inputs: String, _ modality: Modality) throws -> [Tensor] {
    let all = try SafetensorsFile(URL(fileURLWithPath: inputs)).tensor("inputs")
    return try (0..<all.shape[0]).map { row in
        let sample = try all.select(0, row)
        return modality == .image ? try channelsLast(sample) : sample
    }
}

private func media(_ manifest: String, _ encoder: ModalityEncoder) throws -> [Tensor] {
    try String(contentsOfFile: manifest, encoding: .utf8).split(separator: "\n").map { line in
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String]
        guard let path = row?[encoder.modality.rawValue] else { exit(65) }
        return try encoder.frontEnd.prepare(.file(URL(fileURLWithPath: path)))
    }
}

/// A picture as the front end leaves it in memory.
private func channelsLast(_ picture: Tensor) throws -> Tensor { try picture.permuted([1, 2, 0]).contiguous().permuted([2, 0, 1]) }

/// CONFIG INPUTS [DEVICE]: a training step of what CONFIG trains of its encoders and of a linear head over all of them: forward, backward, clipping, AdamW.
///
/// INPUTS holds `image`, `text` or `audio`, a batch each, prepared, and `labels`; `lengths` where texts are padded.
func serveStep(_ config: String, _ inputs: String, on device: Device) throws {
    let configuration = try Configuration.read(URL(fileURLWithPath: config))
    let file = try SafetensorsFile(URL(fileURLWithPath: inputs))
    let labels = try file.tensor("labels").moved(to: device)
    let lengths: [Int64]? = file.entries["lengths"] == nil ? nil : try file.tensor("lengths").array(of: Int64.self)
    let encoders = try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
        try ModalityEncoder(modality, asked, relativeTo: configuration.folder, device: device)
    }
    let batches = try encoders.map { encoder in
        let all = try file.tensor(encoder.modality.rawValue)
        return try (0..<all.shape[0]).map { row in
            let sample = try all.select(0, row)
            if encoder.modality == .image { return try channelsLast(sample) }
            guard encoder.modality == .text, let lengths else { return sample }
            return try sample.slice(0, 0..<Int(lengths[row]))
        }
    }
    let store = ParameterStore(device: device)
    let head = try Linear(Scope(store), encoders.reduce(0) { $0 + $1.encoder.dimension }, 10)
    for entry in store.parameters { try entry.tensor.setRequiresGradient(true) }
    let entries = (store.parameters + encoders.flatMap(\.parameters.parameters)).filter(\.tensor.requiresGradient)
    let optimizer = try AdamW([
        ParameterGroup("all", entries.map { TrainedParameter(path: $0.path, tensor: $0.tensor) }, weightDecay: 0.01)
    ])
    let trained = entries.reduce(0) { $0 + $1.tensor.count }
    try serve(trained: trained) {
        let loss = try inLowerPrecision(configuration.training.precision == .bf16 ? .bfloat16 : .float32, on: device) {
            let pooled = try zip(encoders, batches).map { try $0.encode($1, mode: .train).pooled }
            return try head(.concatenate(pooled, 1)).crossEntropy(labels)
        }
        try optimizer.clearGradients()
        try loss.backward()
        try optimizer.clipGradients(to: 1)
        try optimizer.step(learningRate: 1e-5)
        // On a GPU the step is done when a value of what came before it can be had.
        if device != .cpu { _ = try loss.detached().item() }
    }
}

/// Answers each line of stdin with the seconds that `body` takes by the clock and of all processors, the peak memory, and how many values are trained.
private func serve(trained: Int? = nil, _ body: () throws -> Void) throws {
    struct Figures: Encodable {
        let seconds: Double
        let processor: Double
        let peak: Int
        let trained: Int?
    }
    FileHandle.standardOutput.write(Data("ready\n".utf8))
    while readLine() != nil {
        let (start, spent) = (ContinuousClock.now, processorTime())
        try body()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try emit(Figures(seconds: seconds, processor: processorTime() - spent, peak: peakMemory(), trained: trained))
    }
}

private final class Counter: @unchecked Sendable {
    private let lock = NSLock()
    private var value = 0
    private(set) var error: (any Error)?

    func fail(_ error: any Error) { lock.withLock { self.error = error } }

    func take(below count: Int) -> Int? {
        lock.withLock {
            guard value < count else { return nil }
            defer { value += 1 }
            return value
        }
    }
}
