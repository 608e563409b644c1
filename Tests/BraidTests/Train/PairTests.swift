import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Pairs against SetFit, and steps on them against sentence-transformers: scripts/references/pairs.py.
@Suite struct PairTests {
    private let fixture: [String: Any]

    init() throws {
        let data = try Data(contentsOf: Fixtures.url("pairs.json"))
        fixture = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private func classes(_ labels: Any?) -> [[Int]] {
        (labels as? [Int])?.map { [$0] } ?? labels as? [[Int]] ?? []
    }

    @Test func passesHaveAsManyPairsAsSetFits() throws {
        let cases = try #require(fixture["draws"] as? [[String: Any]])
        #expect(cases.count == 11)
        for one in cases {
            let table = PairTable(classes(one["labels"]))
            let strategy = try #require(PairSampling.Strategy(rawValue: one["sampling"] as? String ?? ""))
            let sampling = PairSampling(strategy, iterations: one["iterations"] as? Int)
            let most = try #require(one["max_pairs"] as? Int)
            let list = try PairList(table, sampling, limit: most < 0 ? nil : most, seed: "3")
            #expect(list.alike == one["alike"] as? Int)
            #expect(list.pairs.count - list.alike == one["different"] as? Int)
            for pair in list.pairs {
                let shared = !Set(classes(one["labels"])[Int(pair.first)]).isDisjoint(
                    with: classes(one["labels"])[Int(pair.second)])
                #expect(shared == pair.isAlike)
            }
            guard let all = one["all"] as? [[Int]] else { continue }
            let known =
                (0..<table.alike).map { table.pair($0, isAlike: true) }.map { [$0.first, $0.second, 1] }
                + (0..<table.different).map { table.pair($0, isAlike: false) }.map { [$0.first, $0.second, 0] }
            #expect(Set(known) == Set(all) && known.count == all.count)
        }
    }

    @Test func drawsAreSeededAndPutNothingBack() throws {
        let table = PairTable((0..<30).map { [$0 % 3] })
        let lists = try ["1", "1", "2"].map { try PairList(table, PairSampling(.unique), limit: nil, seed: $0).pairs }
        #expect(lists[0] == lists[1] && lists[0] != lists[2])
        let keys = { (pairs: [PairList.Pair]) in Set(pairs.map { [$0.first, $0.second] }) }
        #expect(keys(lists[0]).count == lists[0].count && keys(lists[0]) == keys(lists[2]))
        // What is scarce comes again before anything comes a third time.
        let over = try PairList(table, PairSampling(), limit: nil, seed: "1")
        let times = Dictionary(grouping: over.pairs.filter(\.isAlike)) { [$0.first, $0.second] }.mapValues(\.count)
        #expect(times.count == table.alike && (times.values.max() ?? 0) - (times.values.min() ?? 0) <= 1)
        var draws = Draws("order")
        #expect(Set(draws.distinct(500, below: 1000)).count == 500)
        #expect(draws.distinct(6, below: 6).sorted() == Array(0..<6))
    }

    @Test func whatCannotBePairedIsSaid() throws {
        let same = #expect(throws: BraidError.self) {
            try PairList(PairTable([[1], [1]]), PairSampling(), limit: nil, seed: "")
        }
        #expect(same?.description.contains("the 2 samples to pair are all alike; pairs need two classes or more") == true)
        let many = PairTable((0..<9000).map { [$0 % 2] })
        let error = #expect(throws: BraidError.self) { try PairList(many, PairSampling(), limit: nil, seed: "") }
        #expect(error?.description.contains("more than 20000000; set training.contrastive.iterations or max_steps") == true)
        #expect(try PairList(many, PairSampling(), limit: 640, seed: "").pairs.count == 640)
        // A sample without a label is like none, and is not held apart from itself.
        let table = PairTable([[], [0], []])
        #expect(table.alike == 1 && table.different == 3)
    }

    /// The small BERT of the fixture as a weights folder.
    private func writeBert(to folder: URL) throws {
        let bert = try #require(fixture["bert"] as? [String: Any])
        _ = try TinyEncoders.write("hf-bert", to: folder)
        try JSONSerialization.data(withJSONObject: try #require(bert["config"])).write(
            to: folder.appendingPathComponent("config.json"))
        try SeededArchitecture.write(
            SeededArchitecture.entries(bert["entries"]), to: folder.appendingPathComponent("model.safetensors"))
    }

    @Test(arguments: ["cosine", "contrastive"]) func aHundredStepsAreThoseOfSentenceTransformers(_ loss: String) throws {
        let folder = try TemporaryFolder()
        try writeBert(to: folder.url)
        let yaml = """
            modalities: {text: {weights: "\(folder.url.path)", train: all, learning_rate: 2.0e-4}}
            fusion: {type: concat}
            training: {contrastive: {epochs: 100, sampling: unique, batch_size: 1000, loss: \(loss)}}
            """
        let configuration = try Configuration.parse(yaml, folder: folder.url)
        let encoder = try ModalityEncoder(.text, #require(configuration.modalities[.text]), relativeTo: folder.url)
        let target = Target(scale: .init(classes: ["a", "b", "c"]))
        let model = try configuration.model([encoder], [target], manifestSHA256: "", device: .cpu)
        let trainee = try Trainee(model: model, plugins: TrainingPlugins(), everTrained: [.text: .all])

        let expected = try Fixtures.tensors("pairs.safetensors")
        let (ids, mask) = (try expected.tensor("ids"), try expected.tensor("mask"))
        let texts = try (0..<ids.shape[0]).map { row in
            let length = try mask.select(0, row).array(of: UInt8.self).count { $0 == 1 }
            return try ids.select(0, row).slice(0, 0..<length)
        }
        let before = try withoutGradient { try encoder.encode(texts).pooled }
        #expect(try maxDifference(before, expected.tensor("before")) <= 1e-5)
        let contrastive = try #require(configuration.training.contrastive)
        let list = try PairList(PairTable(classes(fixture["labels"])), contrastive.sampling, limit: nil, seed: "0")
        var state = PairState(manifestSHA256: "", targets: [])
        try PairLoop(
            name: "text", pairs: list.pairs, settings: configuration.training, contrastive: contrastive,
            optimizer: trainee.optimizer(configuration.training), device: .cpu, reporter: SilentReporter(),
            embed: { rows, _ in try encoder.encode(rows.map { texts[$0] }, mode: .train).pooled }, keep: { _ in }
        ).run(&state)
        let losses = try expected.tensor("\(loss)/losses").array().map(Double.init)
        #expect(losses.count == 100 && state.history.map(\.step) == Array(1...100))
        #expect(zip(state.history.map(\.loss), losses).allSatisfy { abs($0 - $1) <= 1e-5 })
        let after = try withoutGradient { try encoder.encode(texts).pooled }
        let difference = try maxDifference(after, expected.tensor("\(loss)/after"))
        #expect(difference <= 1e-5, "\(difference)")
    }
}
