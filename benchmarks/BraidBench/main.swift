// Times parts of the pipeline for the scripts beside it. Prints JSON. What it times is the public library, not a copy of it.
import Braid
import Foundation
import Torch

struct Timing: Encodable {
    let seconds: Double
    let items: Int
}

/// The process's peak resident memory so far, in bytes.
func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    return (line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) * 1024
}

/// The seconds that all processors have worked for the process so far.
func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// A line of JSON, written at once.
func emit(_ value: some Encodable) throws {
    FileHandle.standardOutput.write(try JSONEncoder().encode(value) + Data("\n".utf8))
}

/// The device called `name`: `cpu`, which it is without a name, or `cuda`.
func device(_ name: String?) -> Device {
    switch name {
    case nil, "cpu": .cpu
    case "cuda": .cuda(0)
    default: exit(64)
    }
}

/// Does what the arguments ask for.
func run(_ arguments: [String]) throws {
    switch (arguments.first, arguments.count) {
    case ("images", 2...): try timeImages(Array(arguments.dropFirst()))
    case ("logmel", 2...): try timeLogMel(Array(arguments.dropFirst()))
    case ("ids", 2), ("tokenize", 2): try tokenize(arguments[1], printsIDs: arguments[0] == "ids")
    case ("load", 3...):
        guard let modality = Modality(rawValue: arguments[1]) else { exit(64) }
        try measureLoading(modality, arguments[2], encoder: arguments.count > 3 ? arguments[3] : nil)
    case ("embed", 4): try serveEmbedding(arguments[1], arguments[2], arguments[3])
    case ("encode", 4...5):
        guard let modality = Modality(rawValue: arguments[1]) else { exit(64) }
        try serveEncoder(modality, arguments[2], arguments[3], on: device(arguments.dropFirst(4).first))
    case ("latency", 4):
        guard let modality = Modality(rawValue: arguments[1]) else { exit(64) }
        try serveLatency(modality, arguments[2], arguments[3])
    case ("endure", 5...):
        guard let seconds = Double(arguments[3]) else { exit(64) }
        try endure(arguments[1], arguments[2], seconds: seconds, in: arguments[4], Array(arguments.dropFirst(5)))
    case ("step", 3...4): try serveStep(arguments[1], arguments[2], on: device(arguments.dropFirst(3).first))
    case ("fit", 4):
        guard let rows = Int(arguments[1]), let dimension = Int(arguments[2]), let classes = Int(arguments[3]) else { exit(64) }
        try timeFitting(rows: rows, dimension: dimension, classes: classes)
    default:
        FileHandle.standardError.write(
            Data("usage: BraidBench images|logmel|tokenize|ids|load|embed|encode|latency|endure|step|fit …\n".utf8))
        exit(64)
    }
}

do { try run(Array(CommandLine.arguments.dropFirst())) } catch {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    exit(1)
}
