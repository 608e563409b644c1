internal import Foundation

extension RunFolder {
    /// What made the run; nil where there is no record that this version reads.
    func readRecord() -> RunRecord? {
        guard let data = try? InputFile.document(record, "") else { return nil }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try? decoder.decode(RunRecord.self, from: data)
    }

    /// The figures of each epoch; none where there is no file of them.
    func readHistory() -> [EpochRecord] {
        guard let data = try? InputFile.document(metrics, ""), let text = String(validating: data, as: UTF8.self) else { return [] }
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(EpochRecord.self, from: Data($0.utf8)) }
    }
}
