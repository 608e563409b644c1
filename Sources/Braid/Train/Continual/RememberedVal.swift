internal import Foundation
internal import Torch

/// Val rows of earlier stages: `val.safetensors`, in what a stage hands on. They judge the epochs of later stages beside their own val rows, so
/// that the best epoch is not one that has forgotten what it was not asked about.
struct RememberedVal {
    private let context: TrainingContext
    private let earlier: SampleMemory?

    static let fileName = "val.safetensors"
    /// What a method hands on that remembers samples.
    static let files = [SampleMemory.fileName, fileName]

    /// Reads what an earlier stage has left.
    ///
    /// - Throws: `BraidError` as `SampleMemory.read`.
    init(_ context: TrainingContext, trainsEncoders: Bool) throws {
        self.context = context
        earlier = try SampleMemory.read(context, name: Self.fileName, trainsEncoders: trainsEncoders)
    }

    /// Those that the stage's manifest does not give anyway.
    private func others() throws -> SampleMemory? {
        struct Name: Hashable {
            let id: String
            let labels: [String: String]
        }
        guard let earlier else { return nil }
        let given = Set(context.val.samples.map { Name(id: $0.id, labels: $0.labels) })
        let kept = earlier.rows.indices.filter { !given.contains(Name(id: earlier.rows[$0].id, labels: earlier.rows[$0].labels)) }
        guard !kept.isEmpty else { return nil }
        return SampleMemory(
            rows: kept.map { earlier.rows[$0] }, source: try earlier.source.subset(kept), logits: [], known: [], seen: earlier.seen)
    }

    /// The val split with what is remembered behind it.
    func judging(_ val: BatchSource) throws -> BatchSource {
        guard let others = try others() else { return val }
        let rows = counted(others.rows.count, "remembered val row")
        context.reporter.note("\(rows) judged by, beside \(val.samples.count) of this stage")
        let model = context.model
        return try val.followed(by: others.source, Array(model.encoders.values), tokens: model.tokenBudget)
    }

    /// Leaves val rows for the next stage, as many as there is room for.
    func handOn(to folder: URL, _ settings: MemorySettings) throws {
        guard settings.judging > 0 else { return }
        let filling = MemoryFilling(settings: settings, context: context, source: context.val, count: settings.judging)
        try filling(others()).write(into: folder, heads: [], as: Self.fileName)
    }
}
