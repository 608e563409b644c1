import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Every key of the fusion, the head and what balances training acts, or is refused.
@Suite struct KeyTests {
    private let small: SmallRun

    init() throws {
        small = try SmallRun()
        try small.makeData()
    }

    private static let changes = [
        "dim": "12", "layers": "3", "heads": "2", "rank": "2", "bottlenecks": "2", "tokens": "1", "dropout": "0.5",
        "modality_dropout": "0.7",
    ]

    private static let acting: [FusionKind: Set<String>] = [
        .concat: ["layers"], .gated: [], .lowRank: ["rank"], .film: ["layers"], .crossAttention: ["layers", "heads", "tokens"],
        .bottleneck: ["layers", "heads", "tokens", "bottlenecks"], .simbamm: ["layers", "heads"], .late: [],
    ]

    @Test(arguments: FusionKind.fusions.filter { !$0.isFitted }) func everyFusionKeyActsOrIsRefused(_ kind: FusionKind) throws {
        let type = "fusion.type=\(kind.name)"
        let plain = try small.losses("plain", [type])
        #expect(try small.losses("again", [type]) == plain)
        for (key, value) in Self.changes {
            let acts = ["dim", "dropout", "modality_dropout"].contains(key) || Self.acting[kind]?.contains(key) == true
            if acts {
                #expect(try small.losses(key, [type, "fusion.\(key)=\(value)"]) != plain, "\(key)")
            } else {
                #expect(throws: BraidError.self, "\(key)") { try small.configuration([type, "fusion.\(key)=\(value)"]) }
            }
        }
    }

    @Test func fusionsDiffer() throws {
        let losses = try FusionKind.fusions.filter { !$0.isFitted }.map {
            try small.losses($0.name, ["fusion.type=\($0.name)"])
        }
        #expect(Set(losses).count == losses.count)
    }

    @Test(arguments: [
        ("multiclass", ["hidden": "[4]", "dropout": "0.6", "loss": "focal", "label_smoothing": "0.2"]),
        ("binary", ["hidden": "[4]", "dropout": "0.6", "loss": "focal", "label_smoothing": "0.2", "positive": "high"]),
        ("multilabel", ["hidden": "[4]", "dropout": "0.6", "loss": "focal", "label_smoothing": "0.2"]),
    ])
    func everyHeadKeyActs(_ task: String, _ changes: [String: String]) throws {
        let plain = try small.losses("plain", ["head.task=\(task)"])
        for (key, value) in changes {
            #expect(try small.losses(key, ["head.task=\(task)", "head.\(key)=\(value)"]) != plain, "\(key)")
        }
        let focal = ["head.task=\(task)", "head.loss=focal"]
        #expect(try small.losses("focal", focal) != small.losses("gamma", focal + ["head.focal_gamma=4"]))
        // Class weights show where classes are not balanced.
        try small.makeData(labels: [("label", { $0 % 2 == 0 || $0 == 1 ? "high" : "low" })])
        let skewed = try small.losses("skewed", ["head.task=\(task)"])
        #expect(try small.losses("weighted", ["head.task=\(task)", "head.class_weights=balanced"]) != skewed)
        // Calibration changes what is said, not what is learnt.
        let said = try small.train("said", ["head.task=\(task)"])
        let plainly = try small.train("plainly", ["head.task=\(task)", "head.calibration=none"])
        #expect(said.history.map(\.trainLoss) == plainly.history.map(\.trainLoss))
        #expect(try #require(said.test).primary.values != #require(plainly.test).primary.values)
        #expect(!said.model.calibration.temperatures.isEmpty && plainly.model.calibration.temperatures.isEmpty)
    }

    @Test func everyRegressionKeyActs() throws {
        try small.makeData(labels: [("label", { "\(Double($0 % 2) * 3 + Double($0) / 10)" })])
        let plain = try small.losses("plain", ["head.task=regression"])
        for change in ["hidden=[4]", "dropout=0.6", "loss=mae", "loss=huber"] {
            #expect(try small.losses(change, ["head.task=regression", "head.\(change)"]) != plain, "\(change)")
        }
    }

    @Test func balanceAndAlignmentKeysAct() throws {
        let plain = try small.losses("plain", [])
        let ogm = ["training.balance.method=ogm-ge"]
        let slowed = try small.losses("ogm", ogm)
        #expect(slowed != plain)
        #expect(try small.losses("alpha", ogm + ["training.balance.alpha=2"]) != slowed)
        let blend = ["training.balance.method=gradient-blending"]
        let blended = try small.losses("blend", blend)
        #expect(blended != plain)
        // The first estimate is compared with the next: weights move from the epoch of the second on.
        #expect(try small.losses("every", blend + ["training.balance.every=2"]) != blended)
        #expect(try small.losses("until", ogm + ["training.balance.until=0"]) != slowed)
        let pareto = ["training.balance.method=mmpareto"]
        let helped = try small.losses("pareto", pareto)
        #expect(helped != plain)
        #expect(try small.losses("gamma", pareto + ["training.balance.gamma=3"]) != helped)
        let aligned = try small.losses("align", ["training.alignment.weight=0.5"])
        #expect(aligned != plain)
        #expect(try small.losses("warm", ["training.alignment.weight=0.5", "training.alignment.temperature=0.5"]) != aligned)
        try small.makeData(48)
        let more = try small.losses("more", [])
        #expect(try small.train("watched", []).history.allSatisfy { $0.figures["probe/audio"] != nil })
        let unwatched = try small.train("unwatched", ["training.monitor=false"]).history
        #expect(unwatched.allSatisfy { $0.figures.isEmpty })
        #expect(unwatched.map(\.trainLoss) == more)
    }

    @Test(arguments: [
        "head.focal_gamma=3", "head.positive=high", "head.loss=mse", "training.balance.alpha=1", "training.balance.every=2",
        "training.alignment.temperature=1", "training.early_stopping.head=label", "training.early_stopping.metric=rmse",
        "training.label_smoothing=0.1", "head.weight=2", "head.column=x", "heads.a.task=binary",
    ])
    func whatDoesNotActIsRefused(_ override: String) throws {
        #expect(throws: BraidError.self) { try small.configuration([override]) }
    }

    @Test(arguments: [
        ["head.task=regression", "head.label_smoothing=0.1"], ["head.task=regression", "head.class_weights=balanced"],
        ["head.task=regression", "head.calibration=none"], ["head.task=regression", "head.loss=focal"],
        ["head.task=regression", "training.early_stopping.metric=accuracy"],
        ["fusion.type=late", "training.balance.method=ogm-ge"], ["fusion.modality_dropout=0", "training.balance.method=ogm-ge"],
        ["fusion.type=bottleneck", "fusion.heads=3"],
        ["fusion.type=auto", "training.preset=fast", "training.time_limit=60"], ["training.time_limit=60"],
    ])
    func whatDoesNotFitTheTaskOrFusionIsRefused(_ overrides: [String]) throws {
        #expect(throws: BraidError.self) { try small.configuration(overrides) }
    }

    @Test func encoderKeysAct() throws {
        func embeddings(_ overrides: [String]) throws -> [UInt8] {
            let configuration = try small.configuration(overrides)
            let out = small.folder.url.appendingPathComponent(UUID().uuidString)
            try EmbeddingExport(
                configuration: configuration, manifest: configuration.manifestURL, modalities: [.image, .audio],
                .init(device: .cpu, reporter: SilentReporter(), cachesEmbeddings: false)
            ).write(to: .init(out))
            return Array(try Data(contentsOf: out.appendingPathComponent("part-00000.safetensors")))
        }
        let plain = try embeddings([])
        guard Precision.bf16.isSupported else { return }
        for modality in ["image", "audio"] {
            #expect(try embeddings(["modalities.\(modality).precision=bf16"]) != plain)
            #expect(try embeddings(["modalities.\(modality).precision=fp32"]) == plain)
        }
    }

    @Test func theCacheKeyActs() throws {
        let folder = small.folder.url.appendingPathComponent("cache").path
        let before = ProcessInfo.processInfo.environment["BRAID_CACHE"]
        setenv("BRAID_CACHE", folder, 1)
        defer { if let before { setenv("BRAID_CACHE", before, 1) } else { unsetenv("BRAID_CACHE") } }
        let without = try small.losses("without", ["embedding_cache=false"])
        #expect(!FileManager.default.fileExists(atPath: folder))
        let first = try small.losses("first", ["embedding_cache=true"])
        #expect(try EmbeddingCache.standard().entries().map(\.embeddings).reduce(0, +) == 48)
        // From the cache, to the same bits.
        #expect(try small.losses("second", []) == first && first == without)
    }
}
