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

/// Counts at equally spaced thresholds, as TensorBoard's plugin `pr_curves` takes them.
struct PRCurve {
    let tag: String
    /// True positives, false positives, true negatives, false negatives, precision and recall, each at every threshold.
    let rows: [[Float]]

    init(tag: String, scores: [Float], truth: [Bool], thresholds: Int) {
        self.tag = tag
        // A score counts at all thresholds up to its own.
        var (hits, alarms) = (Array(repeating: 0, count: thresholds), Array(repeating: 0, count: thresholds))
        for (score, isTrue) in zip(scores, truth) {
            let place = min(thresholds - 1, max(0, Int(bounded: Double(score) * Double(thresholds - 1))))
            if isTrue { hits[place] += 1 } else { alarms[place] += 1 }
        }
        for place in hits.indices.reversed().dropFirst() {
            hits[place] += hits[place + 1]
            alarms[place] += alarms[place + 1]
        }
        let (positives, negatives) = (hits.first ?? 0, alarms.first ?? 0)
        let share = { (part: Int, whole: Int) in Float(Double(part) / max(1e-7, Double(whole))) }
        rows = [
            hits.map(Float.init), alarms.map(Float.init), alarms.map { Float(negatives - $0) }, hits.map { Float(positives - $0) },
            zip(hits, alarms).map { share($0, $0 + $1) }, hits.map { share($0, positives) },
        ]
    }

    /// `Summary.Value`: tag 1, tensor 8, metadata 9.
    var message: Data {
        let count = UInt64(rows.first?.count ?? 0)
        // PrCurvePluginData: version 1, num_thresholds 2.
        let content = Protobuf.varint(2, count)
        let plugin = Protobuf.bytes(1, Data("pr_curves".utf8)) + Protobuf.bytes(2, content)
        // SummaryMetadata: plugin_data 1, display_name 2, data_class 4 (2: a tensor).
        let metadata = Protobuf.bytes(1, plugin) + Protobuf.bytes(2, Data(tag.utf8)) + Protobuf.varint(4, 2)
        // TensorShapeProto: dim 2, of which size 1.
        let shape = [UInt64(rows.count), count].map { Protobuf.bytes(2, Protobuf.varint(1, $0)) }.reduce(Data(), +)
        // TensorProto: dtype 1 (1: float), tensor_shape 2, tensor_content 4.
        let content32 = rows.joined().map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
        let tensor = Protobuf.varint(1, 1) + Protobuf.bytes(2, shape) + Protobuf.bytes(4, content32)
        return Protobuf.bytes(1, Data("\(tag)/pr_curves".utf8)) + Protobuf.bytes(8, tensor) + Protobuf.bytes(9, metadata)
    }
}

/// An event file that is being written.
private struct EventFile {
    private let file: FileHandle
    private let url: URL

    /// Opens a new event file in `folder`.
    init(_ folder: URL) throws {
        let now = Date().timeIntervalSince1970
        let name = "events.out.tfevents.\(Int(bounded: now)).braid.\(ProcessInfo.processInfo.processIdentifier)"
        url = folder.appendingPathComponent(name)
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileFault.last(url, "created") }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        // Event.file_version, field 3.
        try write(event: Protobuf.double(1, now) + Protobuf.bytes(3, Data("brain.Event:2".utf8)))
    }

    /// Writes values, each a `Summary.Value`, as one event.
    func write(_ values: [Data], step: Int) throws {
        let summary = values.reduce(into: Data()) { $0 += Protobuf.bytes(1, $1) }
        // Event: wall_time 1, step 2, summary 5.
        try write(
            event: Protobuf.double(1, Date().timeIntervalSince1970) + Protobuf.varint(2, UInt64(max(0, step)))
                + Protobuf.bytes(5, summary))
    }

    private func write(event: Data) throws {
        let length = withUnsafeBytes(of: UInt64(event.count).littleEndian) { Data($0) }
        try FileFault.naming(url) {
            try file.write(contentsOf: length + CRC32C.masked(length) + event + CRC32C.masked(event))
        }
    }
}
/// The wire format of the few fields above.
private enum Protobuf {
    static func varint(_ field: UInt64, _ value: UInt64) -> Data { raw(field << 3) + raw(value) }
    static func bytes(_ field: UInt64, _ value: Data) -> Data { raw(field << 3 | 2) + raw(UInt64(value.count)) + value }
    static func double(_ field: UInt64, _ value: Double) -> Data {
        raw(field << 3 | 1) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    }
    static func float(_ field: UInt64, _ value: Float) -> Data {
        raw(field << 3 | 5) + withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) }
    }

    private static func raw(_ value: UInt64) -> Data {
        var value = value
        var data = Data()
        while value >= 0x80 {
            data.append(UInt8(value & 0x7F) | 0x80)
            value >>= 7
        }
        data.append(UInt8(value))
        return data
    }
}

/// CRC-32C (Castagnoli), masked as TFRecord asks.
private enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0x82F6_3B78 ^ (crc >> 1) : crc >> 1 }
    }

    static func masked(_ data: Data) -> Data {
        let crc = ~data.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ ($0 >> 8) }
        let mask = ((crc >> 15) | (crc << 17)) &+ 0xA282_EAD8
        return withUnsafeBytes(of: mask.littleEndian) { Data($0) }
    }
}
