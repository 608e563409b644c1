internal import Foundation

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
