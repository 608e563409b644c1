public import Foundation
internal import Torch

/// The files of a run.
public struct RunFolder: Sendable {
    public let url: URL

    public init(_ url: URL) { self.url = url }

    public var model: URL { url.appendingPathComponent("model") }
    var configuration: URL { url.appendingPathComponent("config.yaml") }
    var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
    var record: URL { url.appendingPathComponent("run.json") }
    func checkpoint(_ name: String) -> URL { url.appendingPathComponent("checkpoints/\(name)") }
    func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    /// Makes the folder. One that holds a run already is not written over.
    func create() throws {
        if FileManager.default.fileExists(atPath: configuration.path) {
            throw BraidError(
                .cannotCreate, "\(url.path) holds a run already: go on with --resume, or name another folder with --out")
        }
        do {
            try FileManager.default.createDirectory(
                at: url.appendingPathComponent("checkpoints"), withIntermediateDirectories: true)
        } catch {
            throw BraidError(.cannotCreate, "\(url.path) cannot be created: \(error.localizedDescription)")
        }
    }

    /// `metrics.jsonl`, a line an epoch. Written whole, so that a resumed run leaves what an uninterrupted one leaves.
    func writeMetrics(_ history: [EpochRecord]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let lines = try history.map { try encoder.encode($0) + Data("\n".utf8) }
        try AtomicFile.write(lines.reduce(Data(), +), to: metrics)
    }

    /// `run.json`: what made the run, and when.
    func writeRecord(_ record: RunRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(encoder.encode(record), to: self.record)
    }
}

/// One epoch's figures: a line of `metrics.jsonl`.
public struct EpochRecord: Codable, Sendable {
    /// From 1.
    public let epoch: Int
    /// Optimizer steps so far.
    public let step: Int
    public let trainLoss: Double
    public let learningRate: Double
    public let valLoss: Double?
    /// By metric; with several heads by `HEAD.METRIC`.
    public let val: [String: Double]
    /// By modality; nil where the monitor is off, or there is only one.
    public let balance: [String: ModalityBalance]?
    /// The loss weights of gradient blending: the fused output's, then each modality's.
    public let blending: [Double]?
    public let seconds: Double
}

/// What made a run.
public struct RunRecord: Codable, Sendable {
    public let command: [String]
    public let braid: String
    public let libtorch: String
    public let seed: Int
    public let device: String
    public let manifest: String
    public let manifestSHA256: String
    public let samples: [String: Int]
    public let trainedParameters: Int
    public let allParameters: Int
    public let started: Date
    public let seconds: [String: Double]
    public let stoppedEarly: Bool
    public let bestEpoch: Int
    public let test: [String: Double]
    /// Temperatures by head and subset of modalities.
    public let calibration: [String: [String: Double]]
}
