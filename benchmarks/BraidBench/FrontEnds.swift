// One part of the pipeline alone, on one thread.
import Braid
import BraidTokenizers
import Foundation
import Torch

/// Runs `body` on every item, on one thread: a few to warm up, then all of them, timed.
func time<Item>(_ items: [Item], _ body: (Item) throws -> Void) throws -> Timing {
    try onOneThread { for item in items.prefix(20) { try body(item) } }
    let start = ContinuousClock.now
    try onOneThread { for item in items { try body(item) } }
    return Timing(seconds: (ContinuousClock.now - start) / .seconds(1), items: items.count)
}

/// FILE…: decode, and resize the short side to 256 as timm's and torchvision's transforms begin.
func timeImages(_ paths: [String]) throws {
    let timing = try time(paths.map { URL(fileURLWithPath: $0) }) { file in
        let image = try ImageDecoder.decode(file)
        let scale = 256 / Double(min(image.width, image.height))
        _ = try image.resized(height: Int(Double(image.height) * scale), width: Int(Double(image.width) * scale), .bicubic)
    }
    try emit(timing)
}

/// FILE…: the log-mel of each decoded recording, with PANNs' settings; decoding is not timed.
func timeLogMel(_ paths: [String]) throws {
    let frontEnd = try LogMelFrontEnd(.panns)
    let clips = try paths.map { path in
        let clip = try AudioDecoder.decode(.init(url: URL(fileURLWithPath: path)))
        return try Tensor(clip.samples, shape: [1, clip.samples.count])
    }
    try emit(try time(clips) { _ = try frontEnd.spectrogram($0) })
}

/// TOKENIZER < TEXTS: a line of ids for each JSON text; or the seconds that encoding all of them takes.
func tokenize(_ file: String, printsIDs: Bool) throws {
    let begun = ContinuousClock.now
    let tokenizer = try Tokenizer(URL(fileURLWithPath: file))
    let loaded = (ContinuousClock.now - begun) / .seconds(1)
    let texts = try FileHandle.standardInput.readDataToEndOfFile().split(separator: UInt8(ascii: "\n")).map { line in
        try JSONDecoder().decode(String.self, from: line)
    }
    if printsIDs {
        for text in texts { print(try tokenizer.encode(text).map(String.init).joined(separator: " ")) }
    } else {
        let start = ContinuousClock.now
        let count = try texts.reduce(0) { try $0 + tokenizer.encode($1).count }
        let spent = (ContinuousClock.now - start) / .seconds(1)
        print("\(spent) s, \(count) ids, loaded in \(loaded) s: \(tokenizer.summary)")
    }
}

/// MODALITY WEIGHTS [ENCODER]: the memory that loading takes beyond what the process had.
func measureLoading(_ modality: Modality, _ weights: String, encoder name: String?) throws {
    _ = try Tensor.zeros([1])
    let before = peakMemory()
    let encoder = try ModalityEncoder(
        modality, .init(encoder: name, weights: weights, train: .none), relativeTo: URL(fileURLWithPath: "."))
    // A sum touches every weight, as computing would.
    for entry in encoder.parameters.entries { _ = try entry.tensor.sum() }
    try emit(["bytes": peakMemory() - before])
}
