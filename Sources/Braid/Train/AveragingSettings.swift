/// Which weights become the model, of those that a training goes through.
struct AveragingSettings: Sendable {
    /// What is made of the best epochs' weights.
    enum Soup: String, CaseIterable, Sendable {
        /// Nothing: the best epoch is the model.
        case none
        /// Their mean.
        case uniform
        /// The mean of those that do not make val worse, taken in one after the other, the best first.
        case greedy
    }

    /// How far the model goes from the weights that encoders began with to those that were learnt.
    enum Interpolation: Sendable, Equatable {
        /// As far as is best on val.
        case chosen
        /// So much of the way.
        case share(Double)
    }

    /// How many epochs' weights are kept, the best ones.
    let best: Int
    /// What is made of them.
    let soup: Soup
    /// What is made of that and the beginning; nil: nothing.
    let interpolation: Interpolation?

    /// Reads the keys.
    ///
    /// - Parameters:
    ///   - trainsEncoders: Whether encoders leave the weights that they begin with.
    ///   - hasSentences: Whether a head begins as a zero-shot classifier, to which there is a way back too.
    init(_ reader: inout ConfigurationReader, trainsEncoders: Bool, hasSentences: Bool) {
        soup = reader.choice(
            "training.soup", .none,
            "What the model is made of: none, the best epoch's weights; uniform, the mean of the training.checkpoint.best best epochs'; greedy, the mean of those of them that do not make the val metric worse, the best first."
        )
        best = reader.int(
            "training.checkpoint.best", soup == .none ? 1 : 5, 1...1000,
            "How many epochs' weights are kept, the best by training.early_stopping.metric. With training.soup the default is 5.")
        if soup != .none, best < 2 {
            reader.fault("is \(soup.rawValue), and training.checkpoint.best: \(best) leaves nothing to average", "training.soup")
        }
        interpolation = reader.read(
            "training.wise_ft", nil,
            "How far the model goes from the weights that encoders, and heads with head.init: zero-shot, began with (0) to the fine-tuned ones (1), or auto, as is best on val (WiSE-FT). Default: all the way, and no curve.",
            expected: "auto, or a number from 0 to 1",
            schema: ["anyOf": [["const": "auto"], ["type": "number", "minimum": 0, "maximum": 1]] as [[String: any Sendable]]],
            parse: { given in
                if given.text == "auto" { return .chosen }
                return given.double.flatMap { (0...1).contains($0) ? .share($0) : nil }
            },
            represent: { value in
                switch value {
                case .chosen: .text("auto")
                case .share(let share): .number(share)
                }
            })
        reader.refuse(
            "training.wise_ft", unless: trainsEncoders || hasSentences,
            "acts only where an encoder is trained, modalities.….train other than none, or a head has head.init: zero-shot")
    }

    /// Reports encoders that have no beginning to go back to.
    func check(_ reader: inout ConfigurationReader, _ modalities: [Modality: EncoderSettings]) {
        guard interpolation != nil else { return }
        for (modality, encoder) in modalities.sorted(by: { $0.key < $1.key }) where encoder.train != .none {
            if encoder.weights == "random" {
                reader.fault(
                    "goes back to pretrained weights, and modalities.\(modality) begins with random ones", "training.wise_ft")
            } else if encoder.tuning.adapter != nil, encoder.train.isAdapter {
                reader.fault(
                    "does not go with modalities.\(modality).adapter: between two adapters lies none of their rank",
                    "training.wise_ft")
            }
        }
    }
}
