internal import Foundation
internal import Torch

/// What an export's folder says of itself: `plan.json` while it is written, `index.json` once it is whole.
struct ExportIndex {
    /// What is exported. Parts of two plans must not stand in one folder.
    struct Plan: Codable, Equatable {
        struct Embedding: Codable, Equatable {
            let name: String
            let dimension: Int
            let encoder: String
            let sha256: String
            /// What the rows are of, as `Modality.stored` writes it; nil where the name says it, or they are fused.
            var modality: String?

            /// What decides on the values: what the weights are called does not.
            var content: [String] { [name, "\(dimension)", sha256, modality ?? ""] }
        }
        let format: String
        let partSize: Int
        let samples: Int
        let manifestSHA256: String
        let embeddings: [Embedding]
        /// The ways of computing that were measured (`RememberedChoices`): what goes on computes as what is there was. Nil in older plans.
        var choices: [String: String]?
    }

    private let folder: URL
    private let plan: Plan
    private let lock: FolderLock
    private var planFile: URL { folder.appendingPathComponent("plan.json") }

    /// Opens a new folder, or one that an earlier export of the same plan left.
    ///
    /// - Throws: `BraidError` where the folder holds an export already, one of another plan, or one that was not asked for, or where another process
    ///   writes into it.
    init(_ output: EmbeddingExport.Output, plan: Plan) throws {
        folder = output.folder
        self.plan = plan
        let files = FileManager.default
        lock = try FolderLock(folder)
        guard !files.fileExists(atPath: folder.appendingPathComponent("index.json").path) else {
            // It was killed behind its last write but one.
            try? files.removeItem(at: planFile)
            throw BraidError(.cannotCreate, "\(folder.path) holds embeddings already; name another folder, or remove it")
        }
        if files.fileExists(atPath: planFile.path) {
            guard output.resumes else {
                throw BraidError(
                    .cannotCreate,
                    "\(folder.path) holds embeddings that are not finished: go on with --resume, or name another folder")
            }
            try checkSame()
            return
        }
        try AtomicFile.write(Self.encoder.encode(plan), to: planFile)
    }

    /// Lets other processes write into the folder.
    func close() { lock.release() }

    private func checkSame() throws {
        guard let before = try JSONText.record(planFile, as: Plan.self) else {
            throw BraidError(.noInput, "\(planFile.path) is gone: name another folder")
        }
        var changes: [String] = []
        if before.manifestSHA256 != plan.manifestSHA256 || before.samples != plan.samples {
            changes.append("the manifest or its rows")
        }
        if before.format != plan.format { changes.append("--format (\(before.format))") }
        if before.partSize != plan.partSize { changes.append("--part-size (\(before.partSize))") }
        if before.embeddings.map(\.content) != plan.embeddings.map(\.content) { changes.append("the encoders or --modality") }
        guard changes.isEmpty else {
            throw BraidError(
                .usage,
                "\(folder.path) was begun with other settings, and cannot be gone on with: \(changes.joined(separator: ", "))")
        }
        RememberedChoices.adopt(before.choices ?? [:])
        guard !plan.embeddings.contains(where: { $0.sha256 == "random" }) else {
            throw BraidError(.usage, "random weights are others each time: an export of theirs cannot be gone on with")
        }
    }

    static func stem(_ number: Int) -> String {
        let digits = String(number)
        return "part-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }

    /// How many rows a part has; nil where it is not whole.
    func rows(of stem: String) -> Int? {
        let file = ExportedPart.idFile(folder, stem)
        guard InputFile.fault(of: file.path) == nil, let ids = try? Data(contentsOf: file, options: .mappedIfSafe) else {
            return nil
        }
        return ids.count { $0 == UInt8(ascii: "\n") }
    }

    /// Writes `index.json`.
    func finish(rows: [Int]) throws {
        struct Part: Encodable {
            let stem: String
            let rows: Int
        }
        struct Index: Encodable {
            let format: String
            let rows: Int
            let embeddings: [Plan.Embedding]
            let parts: [Part]
            let braidVersion: String

            enum CodingKeys: String, CodingKey {
                case format, rows, embeddings, parts
                case braidVersion = "braid_version"
            }
        }
        let index = Index(
            format: plan.format, rows: rows.reduce(0, +), embeddings: plan.embeddings,
            parts: rows.enumerated().map { Part(stem: Self.stem($0.offset), rows: $0.element) }, braidVersion: Version.current)
        try AtomicFile.write(Self.encoder.encode(index), to: folder.appendingPathComponent("index.json"))
        try? FileManager.default.removeItem(at: planFile)
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
