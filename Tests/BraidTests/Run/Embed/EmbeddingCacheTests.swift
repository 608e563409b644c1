import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

@Suite struct EmbeddingCacheTests: @unchecked Sendable {
    private let small: SmallRun
    private let cache: EmbeddingCache
    private let encoder: ModalityEncoder
    private let samples: [Sample]

    init() throws {
        small = try SmallRun()
        let manifest = try small.makeData(20)
        samples = try Manifest.read(manifest).samples
        cache = EmbeddingCache(folder: small.folder.url.appendingPathComponent("cache"), limit: 1_000_000)
        encoder = try Self.encoder()
    }

    private static func encoder(_ modality: Modality = .image, _ options: EncoderOptions = .init()) throws -> ModalityEncoder {
        let weights = Fixtures.url(modality == .image ? "resnet" : "cnn10").path
        return try ModalityEncoder(
            modality, .init(encoder: nil, weights: weights, train: .none, options: options), relativeTo: Fixtures.root)
    }

    private struct Outcome {
        let rows: EmbeddingRows
        let cached: Int
    }

    private func extract(
        _ samples: [Sample]? = nil, _ encoder: ModalityEncoder? = nil, tokens: Int? = nil, limit: Int? = nil
    ) throws -> Outcome {
        let (samples, encoder) = (samples ?? self.samples, encoder ?? self.encoder)
        let shard = try EmbeddingCache(folder: cache.folder, limit: limit ?? cache.limit).shard(for: encoder, tokens: tokens)
        defer { shard?.finish() }
        var collector = try EmbeddingCollector(encoder.encoder, count: samples.count, tokens: tokens)
        var cached = 0
        try EncodingPipeline(encoder: encoder, tokens: tokens, shard: shard).run(samples, Array(samples.indices)) { window, _ in
            cached += window.cached
            for part in window.parts { _ = try collector.add(part) }
            #expect(window.failures.isEmpty)
        }
        return Outcome(rows: try collector.rows(Array(samples.indices)), cached: cached)
    }

    @Test func aSecondRunComputesNothingAndGivesTheSameBits() throws {
        let first = try extract()
        let second = try extract()
        #expect(first.cached == 0 && second.cached == samples.count)
        #expect(try first.rows.pooled().bytes() == second.rows.pooled().bytes())
    }

    /// Two bits of one embedding, in whichever part of the file.
    @Test(arguments: [nil, 3] as [Int?], [40, 100_000]) func flippedBitsAreNoticed(_ tokens: Int?, _ behind: Int) throws {
        let first = try extract(tokens: tokens)
        let folder = try #require(FileManager.default.contentsOfDirectory(at: cache.folder, includingPropertiesForKeys: nil).first)
        let names = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let file = try #require(names.first { $0.pathExtension == "safetensors" })
        var data = try Data(contentsOf: file)
        let header = Int(data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) + 8
        // The keys come first, 32 bytes each.
        let place = min(header + samples.count * 32 + behind, data.count - 9)
        data[place] ^= 1
        data[place + 2] ^= 64
        try data.write(to: file)
        let second = try extract(tokens: tokens)
        #expect((samples.count - 2...samples.count - 1).contains(second.cached))
        #expect(try maxDifference(second.rows.pooled(), first.rows.pooled()) <= 1e-5)
        // What the damaged file held is written anew, a run later at the latest.
        _ = try extract(tokens: tokens)
        #expect(try extract(tokens: tokens).cached == samples.count)
    }

    @Test func contentCountsAndNotTheName() throws {
        _ = try extract()
        let copy = small.folder.url.appendingPathComponent("copy.png")
        try FileManager.default.copyItem(at: #require(samples[3].image), to: copy)
        let renamed = Sample(id: "renamed", image: copy)
        #expect(try extract([renamed]).cached == 1)
        // The same name, other content.
        let image = try #require(samples[4].image)
        try TestMedia.greyPNG(level: 3, seed: 99).write(to: image)
        #expect(try extract([samples[4]]).cached == 0)
    }

    @Test func encodersOptionsAndTokensAreKeptApart() throws {
        _ = try extract()
        #expect(try extract(tokens: 4).cached == 0)
        #expect(try extract(tokens: 4).cached == samples.count)
        #expect(try extract(tokens: 2).cached == 0)
        let audio = try Self.encoder(.audio)
        #expect(try extract(nil, audio).cached == 0)
        #expect(try extract(nil, Self.encoder(.audio, .init(window: 0.3))).cached == 0)
        if Precision.bf16.isSupported { #expect(try extract(nil, Self.encoder(.image, .init(precision: .bf16))).cached == 0) }
        // A stretch of a recording is another medium than all of it.
        let url = try #require(samples[0].audio?.url)
        let stretch = Sample(id: "stretch", audio: .init(url: url, start: 0.2, end: 0.7))
        #expect(try extract([stretch], audio).cached == 0)
        #expect(try extract([stretch], audio).cached == 1)
    }

    @Test func tokensComeBackAsTheyWere() throws {
        let audio = try Self.encoder(.audio)
        let all = try Tensor(Array(0..<Int64(samples.count)), shape: [samples.count])
        let first = try extract(nil, audio, tokens: 3).rows.part(all)
        let second = try extract(nil, audio, tokens: 3).rows.part(all)
        #expect(try first.tokens?.bytes() == second.tokens?.bytes() && first.tokenMask?.bytes() == second.tokenMask?.bytes())
    }

    private var files: [URL] {
        get throws {
            let shards = try FileManager.default.contentsOfDirectory(at: cache.folder, includingPropertiesForKeys: nil)
            return shards.flatMap { cache.segments(in: $0).map(\.url) }
        }
    }

    /// Truncated, overwritten, empty: whatever happened to a file, it is computed anew.
    @Test func damagedFilesAreLeftOut() throws {
        let expected = try extract().rows.pooled().bytes()
        for damage in [Data(), Data("{}".utf8), try Data(contentsOf: #require(files.first)).dropLast(10)] {
            let file = try #require(try files.first)
            try Data(damage).write(to: file)
            let outcome = try extract()
            #expect(outcome.cached == 0)
            #expect(try outcome.rows.pooled().bytes() == expected)
            #expect(!FileManager.default.fileExists(atPath: file.path))
        }
    }

    @Test func beyondTheLimitTheLeastUsedGoes() throws {
        _ = try extract(Array(samples[..<10]))
        let old = try #require(try files.first)
        utimes(old.path, [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)])
        let size = try #require(try old.resourceValues(forKeys: [.fileSizeKey]).fileSize)
        _ = try extract(Array(samples[10...]), limit: size + size / 2)
        #expect(try files.count == 1)
        #expect(!FileManager.default.fileExists(atPath: old.path))
        // A run that finds its embeddings marks them as used.
        let kept = try #require(try files.first)
        utimes(kept.path, [timeval(tv_sec: 2000, tv_usec: 0), timeval(tv_sec: 2000, tv_usec: 0)])
        #expect(try extract(Array(samples[10...])).cached == 10)
        let used = try #require(try kept.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate)
        #expect(used.timeIntervalSinceNow > -60)
    }

    @Test func leftoversOfACrashGoAfterADay() throws {
        _ = try extract()
        let shard = try #require(try files.first).deletingLastPathComponent()
        let (old, new) = (shard.appendingPathComponent(".a.tmp"), shard.appendingPathComponent(".b.tmp"))
        for file in [old, new] { try Data("half".utf8).write(to: file) }
        utimes(old.path, [timeval(tv_sec: 1000, tv_usec: 0), timeval(tv_sec: 1000, tv_usec: 0)])
        cache.evict()
        #expect(!FileManager.default.fileExists(atPath: old.path) && FileManager.default.fileExists(atPath: new.path))
    }

    /// A clock that was set back leaves times in the future: what bears one counts as the least used, until it is used again.
    @Test func aClockThatWasSetBackMisleadsNobody() throws {
        let first = try extract(Array(samples[..<10]))
        let old = try #require(try files.first)
        let (shard, future) = (old.deletingLastPathComponent(), timeval(tv_sec: 4_102_444_800, tv_usec: 0))
        utimes(old.path, [future, future])
        let left = shard.appendingPathComponent(".a.tmp")
        try Data("half".utf8).write(to: left)
        utimes(left.path, [future, future])
        let again = try extract(Array(samples[..<10]))
        #expect(again.cached == 10)
        #expect(try again.rows.pooled().bytes() == first.rows.pooled().bytes())
        let used = try #require(try old.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate)
        #expect(used.timeIntervalSinceNow < 60, "its use writes a time that is")
        utimes(old.path, [future, future])
        let size = try #require(try old.resourceValues(forKeys: [.fileSizeKey]).fileSize)
        _ = try extract(Array(samples[10...]), limit: size + size / 2)
        #expect(try files.count == 1)
        #expect(!FileManager.default.fileExists(atPath: old.path) && !FileManager.default.fileExists(atPath: left.path))
    }

    @Test func aCacheThatCannotBeWrittenDoesNotEndTheRun() throws {
        try Data().write(to: cache.folder)
        let shard = try #require(try cache.shard(for: encoder, tokens: nil))
        var collector = try EmbeddingCollector(encoder.encoder, count: 20, tokens: nil)
        try EncodingPipeline(encoder: encoder, tokens: nil, shard: shard).run(samples, Array(samples.indices)) { window, _ in
            for part in window.parts { _ = try collector.add(part) }
        }
        shard.finish()
        #expect(shard.failure != nil)
        #expect(try collector.rows(Array(0..<20)).presence.allSatisfy { $0 })
    }

    @Test func writersAtOnceDoNotDisturbEachOther() throws {
        // Each of four writers has five samples of its own, and five that all have.
        let groups: [[Sample]] = (0..<4).map { group in Array(samples[5 * group..<5 * group + 5]) + Array(samples[..<5]) }
        DispatchQueue.concurrentPerform(iterations: 4) { index in
            #expect((try? extract(groups[index]))?.rows.presence.allSatisfy { $0 } == true)
        }
        #expect(try extract().cached == samples.count)
        #expect(try cache.entries().count == 1)
        try cache.clear()
        #expect(try cache.entries().isEmpty)
    }

    @Test func theLimitMustBeANumber() throws {
        #expect(try EmbeddingCache.standard(["BRAID_CACHE": "/x", "BRAID_CACHE_GB": "0.5"]).limit == 500_000_000)
        #expect(try EmbeddingCache.standard(["XDG_CACHE_HOME": "/c"]).folder.path == "/c/braid/embeddings")
        let error = #expect(throws: BraidError.self) { try EmbeddingCache.standard(["BRAID_CACHE_GB": "much"]) }
        #expect(error?.description.contains("BRAID_CACHE_GB is much; expected a number of gigabytes") == true)
    }
}
