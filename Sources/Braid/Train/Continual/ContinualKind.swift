internal import Foundation

/// A method of continual learning that configurations may name: what keeps a model that goes on learning from forgetting.
///
/// One more is a file with a `TrainingPlugin` and its kind, and a line in `registry`.
public struct ContinualKind: Registrable {
    /// What errors call one of them.
    public static let noun = "a method of continual learning"

    /// What `training.continual.method` calls it.
    public let name: String
    /// Where it is described.
    public let paper: String
    /// The files that it hands on, and goes on from.
    let files: [String]
    /// Reads the method's own keys, and gives what makes it.
    let read: @Sendable (inout ConfigurationReader, PluginKind.Surroundings) -> PluginKind.Make

    /// - Parameters:
    ///   - name: Unique among all methods.
    ///   - paper: Where it is described.
    ///   - files: The names of the files that it hands on, and goes on from.
    ///   - read: Reads the method's own keys, `training.continual.….`, and gives what makes it.
    public init(
        name: String, paper: String, files: [String] = [],
        read: @escaping @Sendable (inout ConfigurationReader, PluginKind.Surroundings) -> PluginKind.Make
    ) {
        (self.name, self.paper, self.files, self.read) = (name, paper, files, read)
    }

    /// Every method there is.
    public static let registry = Registry<ContinualKind>([.nothing, .replay, .der, .ewc, .lwf])

    /// What a method hands on lies under this name in the model's folder, whichever method it is: the next stage may take another.
    static let handedOn = "stages"

    /// Nothing is done against forgetting.
    static let nothing: ContinualKind = ContinualKind(name: "none", paper: "docs/transfer-continual-methods.md") {
        _, _ in
        { _ in nil }
    }

    /// Says what an earlier stage has handed on that this method neither uses nor hands on.
    func noteDropped(_ context: TrainingContext) {
        guard let earlier = context.earlier, let folder = earlier.handedOn(Self.handedOn) else { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names.sorted() where !files.contains(name) {
            context.reporter.note(
                "\(earlier.name) hands on \(name); with training.continual.method: \(self.name) it is not used, and not handed on")
        }
    }
}

extension PluginKind {
    /// What keeps a model that goes on learning from forgetting: `training.continual`.
    public static let continual: PluginKind = PluginKind(
        name: ContinualKind.handedOn, paper: "docs/transfer-continual-methods.md"
    ) { reader, around in
        let section = "training.continual."
        let path = section + "method"
        let first = reader.keys.count
        let (kind, make): (ContinualKind, PluginKind.Make) = reader.kind(
            path, ContinualKind.nothing, in: ContinualKind.registry,
            "What keeps a model that goes on learning (braid train --init-from) from forgetting. A first training only fills what the next one needs, so that it names the method too."
        ) { $1.read(&$0, around) }
        let isAsked = kind.name != ContinualKind.nothing.name
        reader.idle(
            reader.keys[first...].map(\.path), unless: !around.fusion.isFitted, reasonNotToAct(with: around.fusion))
        reader.refuse(
            path, unless: !isAsked || around.fusion.making == .trained || around.fusion.isFitted,
            "acts on one model that is trained; fusion.type: \(around.fusion.name) is made of several, or leaves open which it is")
        reader.refuse(
            path, unless: !isAsked || !around.trainsByPairs,
            "training by pairs (training.contrastive) moves embeddings, so that what is remembered of earlier ones means nothing")
        reader.refuse(
            path, unless: !isAsked || reader.document.leaves["training.balance.method"]?.value.text != "mmpareto",
            "does not go with training.balance.method: mmpareto, which makes the gradients of encoders from the new samples alone")
        return { context in
            kind.noteDropped(context)
            return try make(context)
        }
    }

    /// Why nothing is done against forgetting where a fusion is computed at once. One that keeps statistics is the exact way.
    private static func reasonNotToAct(with fusion: FusionKind) -> String {
        guard !fusion.keepsStatistics else {
            return "fusion.type: \(fusion.name) adds new rows to its statistics, and forgets nothing; leave it out"
        }
        let exact = FusionKind.registry.all.filter(\.keepsStatistics).map { "fusion.type: \($0.name)" }
        return
            "fusion.type: \(fusion.name) is computed at once, not trained by gradient steps; take a fusion that is trained, or an incremental head, which adds new rows to its statistics and forgets nothing\(exact.isEmpty ? "" : ": \(exact.joined(separator: ", "))")"
    }
}
