// Times one part of the pipeline alone, for the scripts beside it: BraidBench images|logmel|tokenize|ids|load ….
// Prints one line of JSON. What it times is the public library, not a copy of it.
import Braid
import Foundation
import Torch

struct Timing: Encodable {
    let seconds: Double
    let items: Int
}

/// Runs `body` on every item, on one thread: a few to warm up, then all of them, timed.
func time<Item>(_ items: [Item], _ body: (Item) throws -> Void) throws -> Timing {
    try onOneThread { for item in items.prefix(20) { try body(item) } }
    let start = ContinuousClock.now
    try onOneThread { for item in items { try body(item) } }
    return Timing(seconds: (ContinuousClock.now - start) / .seconds(1), items: items.count)
}

/// The process's peak resident memory so far, in bytes.
func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1024
}

func emit(_ value: some Encodable) throws { print(String(decoding: try JSONEncoder().encode(value), as: UTF8.self)) }

let arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.first {
case "images":
    // FILE…: decode, and resize the short side to 256 as timm's and torchvision's transforms begin.
    let timing = try time(arguments.dropFirst().map { URL(fileURLWithPath: $0) }) { file in
        let image = try ImageDecoder.decode(file)
        let scale = 256 / Double(min(image.width, image.height))
        let pixels = try image.tensor()
        _ = try pixels.resized(
            height: Int(Double(image.height) * scale), width: Int(Double(image.width) * scale), interpolation: .bicubic)
    }
    try emit(timing)
case "logmel":
    // FILE…: the log-mel of each decoded recording, with PANNs' settings; decoding is not timed.
    let frontEnd = try LogMelFrontEnd(.panns)
    let clips = try arguments.dropFirst().map { path in
        let clip = try AudioDecoder.decode(.init(url: URL(fileURLWithPath: path)))
        return try Tensor(clip.samples, shape: [1, clip.samples.count])
    }
    try emit(try time(clips) { _ = try frontEnd.spectrogram($0) })
case "ids", "tokenize":
    // TOKENIZER < TEXTS: a line of ids for each JSON text; or the seconds that encoding all of them takes.
    guard arguments.count == 2 else { exit(64) }
    let begun = ContinuousClock.now
    let tokenizer = try Tokenizer(URL(fileURLWithPath: arguments[1]))
    let loaded = (ContinuousClock.now - begun) / .seconds(1)
    let texts = try FileHandle.standardInput.readDataToEndOfFile().split(separator: UInt8(ascii: "\n")).map { line in
        try JSONDecoder().decode(String.self, from: line)
    }
    if arguments[0] == "ids" {
        for text in texts { print(tokenizer.encode(text).map(String.init).joined(separator: " ")) }
    } else {
        let start = ContinuousClock.now
        let count = texts.reduce(0) { $0 + tokenizer.encode($1).count }
        let spent = (ContinuousClock.now - start) / .seconds(1)
        print("\(spent) s, \(count) ids, loaded in \(loaded) s: \(tokenizer.summary)")
    }
case "load":
    // MODALITY WEIGHTS [ENCODER]: the memory that loading takes beyond what the process had.
    guard arguments.count >= 3, let modality = Modality(rawValue: arguments[1]) else { exit(64) }
    _ = try Tensor.zeros([1])
    let before = peakMemory()
    let encoder = try ModalityEncoder(
        modality, .init(encoder: arguments.count > 3 ? arguments[3] : nil, weights: arguments[2], train: .none),
        relativeTo: URL(fileURLWithPath: "."))
    // A sum touches every weight, as computing would.
    for entry in encoder.parameters.entries { _ = try entry.tensor.sum() }
    try emit(["bytes": peakMemory() - before])
default:
    FileHandle.standardError.write(Data("usage: BraidBench images|logmel|tokenize|ids|load …\n".utf8))
    exit(64)
}
