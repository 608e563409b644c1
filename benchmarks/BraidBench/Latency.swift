// One sample at a time, for latency.py.
import Braid
import Foundation
import Torch

/// MODALITY CONFIG MANIFEST: encodes each sample of the manifest by itself, from its file, once a line of stdin; prints the seconds that each took.
func serveLatency(_ modality: Modality, _ config: String, _ manifest: String) throws {
    struct Figures: Encodable { let each: [Double] }
    let configuration = try Configuration.read(URL(fileURLWithPath: config))
    guard let asked = configuration.modalities[modality] else { exit(64) }
    let encoder = try ModalityEncoder(modality, asked, relativeTo: configuration.folder)
    let samples = try Manifest.read(URL(fileURLWithPath: manifest), splits: nil, stratum: nil, needsLabels: false).samples
    let media = samples.compactMap { $0.media[modality] }
    func seconds(_ medium: Medium) throws -> Double {
        let start = ContinuousClock.now
        _ = try withoutGradient { try encoder.encode([encoder.frontEnd.prepare(medium)]).pooled.array(of: Float.self) }
        return (ContinuousClock.now - start) / .seconds(1)
    }
    _ = try media.map(seconds)
    FileHandle.standardOutput.write(Data("ready\n".utf8))
    while readLine() != nil {
        // Threads of whoever was before may still turn.
        Thread.sleep(forTimeInterval: 0.5)
        _ = try media.prefix(1).map(seconds)
        try emit(Figures(each: media.map(seconds)))
    }
}
