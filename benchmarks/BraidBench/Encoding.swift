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

/// MODALITY CONFIG INPUTS: encodes `inputs` `[N, …]` of a safetensors file, already prepared, on all cores; once a line.
func serveEncoder(_ modality: Modality, _ config: String, _ inputs: String) throws {
    let configuration = try Configuration.read(URL(fileURLWithPath: config))
    guard let asked = configuration.modalities[modality] else { exit(64) }
    let encoder = try ModalityEncoder(modality, asked, relativeTo: configuration.folder)
    let all = try SafetensorsFile(URL(fileURLWithPath: inputs)).tensor("inputs")
    let prepared = try (0..<all.shape[0]).map { row in
        // Pictures lie as the front end leaves them: channels last.
        let sample = try all.select(0, row)
        return modality == .image ? try sample.permuted([1, 2, 0]).contiguous().permuted([2, 0, 1]) : sample
    }
    let batches = encoder.batches(prepared)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    try serve {
        let next = Counter()
        let group = DispatchGroup()
        for _ in 0..<cores {
            group.enter()
            Thread.detachNewThread {
                onOneThread {
                    withoutGradient {
                        while let index = next.take(below: batches.count) {
                            do { _ = try encoder.encode(batches[index].map { prepared[$0] }) } catch { next.fail(error) }
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

/// TRIMODAL or MODALITY CONFIG INPUTS: a full fine-tuning step of the encoders named, a linear head over all of them and AdamW.
///
/// INPUTS holds `image`, `text` or `audio`, a batch each, prepared, and `labels`.
func serveStep(_ config: String, _ inputs: String) throws {
    let configuration = try Configuration.read(URL(fileURLWithPath: config))
    let file = try SafetensorsFile(URL(fileURLWithPath: inputs))
    let labels = try file.tensor("labels")
    let encoders = try configuration.modalities.sorted { $0.key < $1.key }.map { modality, asked in
        try ModalityEncoder(modality, asked, relativeTo: configuration.folder)
    }
    let batches = try encoders.map { encoder in
        let all = try file.tensor(encoder.modality.rawValue)
        return try (0..<all.shape[0]).map { try all.select(0, $0) }
    }
    let store = ParameterStore()
    let head = try Linear(Scope(store), encoders.reduce(0) { $0 + $1.encoder.dimension }, 10)
    let entries = store.parameters + encoders.flatMap(\.parameters.parameters)
    for entry in entries { try entry.tensor.setRequiresGradient(true) }
    let optimizer = try AdamW([
        ParameterGroup("all", entries.map { TrainedParameter(path: $0.path, tensor: $0.tensor) }, weightDecay: 0.01)
    ])
    try serve {
        let pooled = try zip(encoders, batches).map { try $0.encode($1, mode: .train).pooled }
        let loss = try head(.concatenate(pooled, 1)).crossEntropy(labels)
        try optimizer.clearGradients()
        try loss.backward()
        try optimizer.step(learningRate: 1e-5)
    }
}

/// Answers each line of stdin with the seconds that `body` takes and the process's peak memory.
private func serve(_ body: () throws -> Void) throws {
    struct Figures: Encodable {
        let seconds: Double
        let peak: Int
    }
    FileHandle.standardOutput.write(Data("ready\n".utf8))
    while readLine() != nil {
        let start = ContinuousClock.now
        try body()
        try emit(Figures(seconds: (ContinuousClock.now - start) / .seconds(1), peak: peakMemory()))
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
