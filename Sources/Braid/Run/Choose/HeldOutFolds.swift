internal import Torch

/// What recipes say of rows of the train split that they were held out from.
struct HeldOutFolds {
    let targets: [Target]
    /// The frozen encoders, one a modality.
    let encoders: [ModalityEncoder]
    /// The embeddings of every sample.
    let all: BatchSource
    /// The numbers of the samples to learn from.
    let train: [Int]
    /// Of those that early stopping goes by.
    let val: [Int]
    /// The fold that holds each of them out.
    let folds: Folds
    let device: Device

    /// A recipe's answers.
    struct Answers {
        /// Fold by fold.
        let samples: [Sample]
        /// By head: calibrated logits `[N, C]`, float32 on the CPU.
        let logits: [Tensor]
        /// The loss of each row, heads together; nil where it has no label, or one that no row outside of its fold has.
        let losses: [Double?]
        /// What the trainings took together.
        let seconds: Double
    }

    private struct Fold: Sendable {
        let samples: [Sample]
        let logits: [Tensor]
        let losses: [Double?]
        let seconds: Double
    }

    /// Trains the recipe without each of some folds, several at a time, and asks it about the fold.
    func answers(_ configuration: Configuration, _ chosen: [Int], _ progress: SharedProgress) throws -> Answers {
        // Trainings only read what is embedded.
        nonisolated(unsafe) let held = self
        let silent = try configuration.silent(seed: configuration.training.seed)
        let found = try SideBySide(on: device)(chosen.count) { number in
            defer { progress.advance() }
            return try Generator.own(seed: UInt64(silent.training.seed), on: held.device) { try held.fold(silent, chosen[number]) }
        }
        return Answers(
            samples: found.flatMap(\.samples),
            logits: try targets.indices.map { head in try .concatenate(found.map { $0.logits[head] }, 0) },
            losses: found.flatMap(\.losses), seconds: found.reduce(0) { $0 + $1.seconds })
    }

    private func fold(_ configuration: Configuration, _ fold: Int) throws -> Fold {
        let start = ContinuousClock.now
        let (out, rest) = folds.split(train, holdingOut: fold)
        let data = try SplitData(all, train: rest, val: val, test: out)
        let model = try configuration.model(encoders, targets, manifestSHA256: "", device: device)
        _ = try SilentTraining(configuration, model, data, device: device, judgesVal: false)
        guard let test = data.test else { throw BraidError(.internal, "a fold without a row") }
        let logits = try model.calibratedLogits(test).map { try $0.moved(to: .cpu).converted(to: .float32) }
        let learnable = learnable(test.samples, from: rest)
        return Fold(
            samples: test.samples, logits: logits, losses: zip(try model.losses(test), learnable).map { $1 ? $0 : nil },
            seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// Whether some of `rest` has the class of each sample, head by head. What says of a class that nothing has shown it the least is no worse than what
    /// says of it a little more, and would lose by far.
    private func learnable(_ samples: [Sample], from rest: [Int]) -> [Bool] {
        let others = rest.map { all.samples[$0] }
        var answer = samples.map { _ in true }
        for target in targets where target.form == .classes {
            let seen = Set(others.compactMap { $0.labels[target.column] })
            for (index, sample) in samples.enumerated() {
                if let label = sample.labels[target.column], !seen.contains(label) { answer[index] = false }
            }
        }
        return answer
    }
}
