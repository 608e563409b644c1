internal import Foundation

/// What has to hold where a training begins with sentences of its classes.
enum SentenceRules {
    /// Reports keys that do not go with them.
    ///
    /// - Parameters:
    ///   - initFrom: The earlier model that the training goes on from; nil where it begins anew.
    ///   - byPairs: Whether pairs train the encoder first.
    static func check(
        _ reader: inout ConfigurationReader, _ modalities: [Modality: EncoderSettings], _ fusion: FusionSettings,
        _ heads: [HeadSettings], initFrom: String?, byPairs: Bool
    ) {
        let places = heads.compactMap { head in head.sentences.map { (key: "\($0.section).init", head: head) } }
        for (key, head) in places {
            if !fusion.kind.takesOneModality {
                reader.fault(
                    "sentences are points among the encoder's own embeddings, and fusion.type: \(fusion.kind.name) moves those; leave fusion.type out, or set none",
                    key)
            }
            if head.kind.form == .number { reader.fault("a number has no sentence; take a task of classes", key) }
            if initFrom != nil { reader.fault("the head begins with that of init_from; leave one of them out", key) }
            if byPairs {
                reader.fault("pairs (training.contrastive) move the embeddings away from the sentences; leave one of them out", key)
            }
        }
        var keys = places.map(\.key)
        if let stacked = fusion.sentences {
            keys.append("\(stacked.section).prior")
            if heads.count > 1 {
                reader.fault("zero-shot has the words of one head; there are \(heads.count)", keys[keys.count - 1])
            }
            if byPairs {
                reader.fault(
                    "pairs (training.contrastive) move the embeddings away from the sentences; take prior: prototype",
                    keys[keys.count - 1])
            }
        }
        for key in keys { check(&reader, modalities, key) }
    }

    private static func check(_ reader: inout ConfigurationReader, _ modalities: [Modality: EncoderSettings], _ key: String) {
        guard modalities.count == 1, let (modality, encoder) = modalities.first else {
            let names = modalities.keys.sorted().map(\.rawValue).joined(separator: ", ")
            if modalities.count > 1 {
                reader.fault("zero-shot is for one modality, whose encoder has a text tower; there are \(names)", key)
            }
            return
        }
        if modality == .text {
            reader.fault("zero-shot is for pictures or sounds, which sentences are held against; the modality is text", key)
        } else if encoder.weights == "random" {
            reader.fault("random weights share no space with sentences; name weights of CLIP or SigLIP", key)
        }
    }
}

extension Configuration {
    /// That sentences can be made and embedded, as far as that shows before anything is encoded.
    ///
    /// - Throws: `BraidError` where words do not fit classes, or the weights are of no model with a text tower.
    func checkSentences(_ targets: [Target], reporter: any Reporter) throws {
        let all = zip(heads, targets).compactMap { head, target in (head.sentences ?? fusion.sentences).map { ($0, target) } }
        guard !all.isEmpty, let encoder = modalities.values.first else { return }
        for (sentences, target) in all { _ = try sentences.words(for: target, in: folder) }
        try SharedSpace.check(encoder, relativeTo: folder, reporter: reporter)
    }
}
