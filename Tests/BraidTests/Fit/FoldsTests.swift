import Testing

@testable import Braid

@Suite struct FoldsTests {
    private func samples(_ count: Int, group: (Int) -> String? = { _ in nil }) -> [Sample] {
        (0..<count).map { Sample(id: "s\($0)", split: .train, group: group($0), media: [:], label: $0 % 5 == 0 ? "rare" : "often") }
    }

    @Test func classesAreSpreadEvenly() {
        let samples = samples(100)
        let folds = Folds(samples, by: "label", count: 5, seed: 0)
        for fold in 0..<5 {
            let held = samples.indices.filter { folds.numbers[$0] == fold }
            #expect((19...21).contains(held.count))
            #expect((3...5).contains(held.count { samples[$0].label == "rare" }))
        }
    }

    @Test func groupsStayTogether() {
        let samples = samples(60) { "speaker \($0 % 12)" }
        let folds = Folds(samples, by: "label", count: 5, seed: 0)
        for group in Dictionary(grouping: samples.indices, by: { samples[$0].group }).values {
            #expect(Set(group.map { folds.numbers[$0] }).count == 1)
        }
        #expect(Set(folds.numbers).count == 5)
    }

    @Test func theOrderOfRowsDoesNotMatterAndTheSeedDoes() {
        let samples = samples(40)
        let folds = Folds(samples, by: "label", count: 4, seed: 0)
        let reversed = Folds(samples.reversed(), by: "label", count: 4, seed: 0)
        #expect(folds.numbers == reversed.numbers.reversed())
        #expect(folds.numbers != Folds(samples, by: "label", count: 4, seed: 1).numbers)
    }

    @Test func classesOfASingleSampleAreNotAllHeldOutAtOnce() {
        let samples = (0..<50).map { Sample(id: "s\($0)", media: [:], label: "class \($0)") }
        let folds = Folds(samples, by: "label", count: 5, seed: 0)
        for fold in 0..<5 { #expect(folds.numbers.count { $0 == fold } > 2) }
    }

    @Test func fewUnitsMakeFewFolds() { #expect(Folds(samples(3), by: "label", count: 5, seed: 0).count == 3) }
}
