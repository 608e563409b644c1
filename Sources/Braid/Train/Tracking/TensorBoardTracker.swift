internal import Foundation

/// Writes what TensorBoard shows into a run folder: scalars, precision-recall curves, and embeddings for the projector.
///
/// An event file is TFRecord frames around `tensorflow.Event` messages; the curves are as the plugin `pr_curves` takes them, the embeddings as the
/// projector's files are (https://github.com/tensorflow/tensorboard).
final class TensorBoardTracker: Tracker {
    let name = "TensorBoard"
    let isRemote = false
    private let folder: URL
    private lazy var events = Result { try EventFile(folder) }

    /// The event file is made when there is something to write.
    init(_ folder: URL) { self.folder = folder }

    func log(_ record: EpochRecord) throws {
        try events.get().write(
            record.scalars.map { name, value in
                // Summary.Value: tag 1, simple_value 2.
                Protobuf.bytes(1, Data(name.utf8)) + Protobuf.float(2, Float(value))
            }, step: record.step)
    }

    func finish(_ end: TrackedEnd) throws {
        guard let test = end.test else { return }
        let curves = try test.heads.flatMap { try Self.curves($0, named: test.heads.count > 1) }
        if !curves.isEmpty { try events.get().write(curves.map(\.message), step: end.step) }
        if let (rows, values) = end.embeddings { try writeProjector(test, rows, values) }
    }

    func abandon() {}

    // MARK: - Precision and recall

    private static let thresholds = 201
    private static let mostCurves = 20

    /// A class's curve over the test split, of many those of the classes with most samples.
    private static func curves(_ head: HeadPredictions, named: Bool) throws -> [PRCurve] {
        let labelled = head.labelled()
        guard !labelled.samples.isEmpty else { return [] }
        let (values, truth, positive): ([[Float]], [[Bool]], Int?)
        switch try labelled.answers() {
        case .classes(let answers): (values, truth, positive) = (answers.values, answers.flags, answers.positive)
        case .flags(let answers): (values, truth, positive) = (answers.values, answers.truth, nil)
        case .number: return []
        }
        let supports = head.target.classes.indices.map { column in truth.count { $0[column] } }
        let chosen =
            positive.map { [$0] } ?? supports.indices.sorted { (supports[$1], $0) < (supports[$0], $1) }.prefix(mostCurves).sorted()
        return chosen.map { column in
            let name = head.target.classes[column]
            return PRCurve(
                tag: "test/\(named ? "\(head.target.name)/" : "")\(Printable.name(name))", scores: values.map { $0[column] },
                truth: truth.map { $0[column] }, thresholds: thresholds)
        }
    }

    // MARK: - Projector

    private func writeProjector(_ test: Predictions, _ rows: [Int], _ values: [[Float]]) throws {
        let place = folder.appendingPathComponent("projector")
        try FileFault.makeFolder(place)
        let tensors = values.map { row in row.map { "\($0)" }.joined(separator: "\t") + "\n" }.joined()
        try AtomicFile.write(tensors, to: place.appendingPathComponent("tensors.tsv"))
        let names = test.heads.flatMap { head -> [String] in
            let prefix = test.heads.count > 1 ? "\(head.target.name)." : ""
            return ["\(prefix)label", "\(prefix)prediction"]
        }
        let lines = rows.map { row in
            [test.samples[row].id] + test.heads.flatMap { [$0.samples[row].labels[$0.target.column] ?? "", $0.text(of: row)] }
        }
        let text = ([["id"] + names] + lines).map { cells in cells.map(Self.cell).joined(separator: "\t") + "\n" }.joined()
        try AtomicFile.write(text, to: place.appendingPathComponent("metadata.tsv"))
        try AtomicFile.write(
            """
            embeddings {
              tensor_name: "fused embeddings, test split"
              tensor_path: "projector/tensors.tsv"
              metadata_path: "projector/metadata.tsv"
            }

            """, to: folder.appendingPathComponent("projector_config.pbtxt"))
    }

    /// A name within its cell: the format has no quotes.
    private static func cell(_ text: String) -> String { Printable.name(text).replacingOccurrences(of: "\t", with: " ") }
}
