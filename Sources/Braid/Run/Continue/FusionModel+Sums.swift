internal import Foundation

/// What lies beside the sums of an accumulating fusion.
private struct SumsRecord: Codable, Equatable {
    /// Whether rows of val are among them.
    let refit: Bool

    static let fileName = "sums.json"
}

extension FusionModel {
    /// Lets the fusion add to an earlier model's sums, where it is one that does.
    ///
    /// - Throws: `BraidError` where the earlier model has none, or other rows among them.
    func addToSums(of earlier: EarlierModel, _ settings: TrainingSettings) throws {
        guard let fusion = fusion as? any AccumulatingFusion else { return }
        let name = self.settings.fusion.kind.name
        guard let folder = earlier.handedOn(name) else {
            throw BraidError(
                .badData, "\(earlier.name): its model has no \(HandedOn.folderName)/\(name): it cannot be gone on from")
        }
        let file = folder.appendingPathComponent(SumsRecord.fileName)
        guard let record = try JSONText.record(file, as: SumsRecord.self) else {
            throw BraidError(.badData, "\(earlier.name): its model lacks \(SumsRecord.fileName): it cannot be gone on from")
        }
        guard record.refit == settings.refit else {
            throw BraidError(
                .badConfiguration,
                "training.refit: \(record.refit) in \(earlier.name), \(settings.refit) here: rows of val would be in some of the sums and not in others"
            )
        }
        let (seen, splits) = (earlier.seen, Set<Split>(record.refit ? [.train, .val] : [.train]))
        try fusion.begin(with: folder) { seen?.holds($0, in: splits) ?? false }
    }

    /// Leaves the sums of the last fit for a later training.
    func handOnSums(_ settings: TrainingSettings) {
        guard let fusion = fusion as? any AccumulatingFusion else { return }
        handedOn.add(self.settings.fusion.kind.name) { folder in
            try fusion.write(to: folder)
            try AtomicFile.write(
                JSONEncoder().encode(SumsRecord(refit: settings.refit)), to: folder.appendingPathComponent(SumsRecord.fileName))
        }
    }
}
