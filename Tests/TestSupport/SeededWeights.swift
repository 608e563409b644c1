public import Foundation
public import Torch

/// Weights that follow from their names, so that fixtures need not hold them: scripts/references/seeded_weights.py in Swift.
public struct SeededArchitecture {
    /// A tensor of a published file.
    public struct Entry {
        public let name: String
        public let shape: [Int]
        public let kind: String

        public init(name: String, shape: [Int], kind: String) {
            self.name = name
            self.shape = shape
            self.kind = kind
        }
    }

    public let entries: [Entry]
    /// The JSON files of a weights folder by name, `config.json` among them where there is one.
    public let files: [String: Any]

    /// One by its parts.
    public init(entries: [Entry], files: [String: Any]) { (self.entries, self.files) = (entries, files) }

    /// Reads `fixtures/architectures/NAME.json`.
    public init(_ name: String) throws {
        let data = try Data(contentsOf: Fixtures.url("architectures/\(name).json"))
        let root = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        var files = root["extra"] as? [String: Any] ?? [:]
        if let config = root["config"] as? [String: Any] { files["config.json"] = config }
        self.files = files
        entries = Self.entries(root["entries"])
    }

    public static func entries(_ rows: Any?) -> [Entry] {
        (rows as? [[Any]] ?? []).map { row in
            Entry(name: row[0] as? String ?? "", shape: row[1] as? [Int] ?? [], kind: row[2] as? String ?? "")
        }
    }

    /// Writes the weights folder: JSON files and `model.safetensors`.
    public func write(to folder: URL) throws {
        for (name, content) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try JSONSerialization.data(withJSONObject: content, options: [.fragmentsAllowed]).write(to: file)
        }
        try Self.write(entries, to: folder.appendingPathComponent("model.safetensors"))
    }

    public static func write(_ entries: [Entry], to url: URL) throws {
        try SafetensorsWriter.write(entries.map { ($0.name, try tensor($0.name, $0.shape, $0.kind)) }, to: url)
    }

    public static func tensor(_ name: String, _ shape: [Int], _ kind: String) throws -> Tensor {
        let count = shape.reduce(1, *)
        guard kind != "fixed" else { return try .zeros(shape, dtype: shape.isEmpty ? .int64 : .float32) }
        let u = try uniform(name, count)
        let values: Tensor
        switch kind {
        case "scale": values = try u.adding(0.5)
        case "matrix": values = try u.scaled(by: 2).adding(-1).scaled(by: (3 / (Double(count) / Double(shape[0]))).squareRoot())
        default: values = try u.scaled(by: 2).adding(-1).scaled(by: 0.2)
        }
        return try values.converted(to: .float32).reshaped(shape)
    }

    /// Float64 `[count]` in 0 ... 1.
    private static func uniform(_ name: String, _ count: Int) throws -> Tensor {
        let seed = name.utf8.enumerated().reduce(0) { $0 + Int($1.element) * ($1.offset + 1) } % 1_000_003
        let i = try Tensor.range(count)
        // Whole numbers throughout: products stay below 2^63.
        let a = try (i * i).multiplied(by: 31) + i.multiplied(by: 7919)
        let b = try a.added(104_729 * seed).remainder(of: 1_000_003).added(1).multiplied(by: 48_271).remainder(of: 2_147_483_647)
        return try b.converted(to: .float64) / Tensor([2_147_483_647.0], shape: [1])
    }
}
