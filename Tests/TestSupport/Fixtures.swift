public import Foundation
public import Torch

/// The committed files that tests compare with.
public enum Fixtures {
    /// The checkout.
    public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    public static func url(_ name: String) -> URL { root.appendingPathComponent("fixtures").appendingPathComponent(name) }

    public static func tensors(_ name: String) throws -> SafetensorsFile { try SafetensorsFile(url(name)) }

    public static func json<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(contentsOf: url(name)))
    }

    /// The real all-MiniLM-L6-v2 that set-up fetches.
    public static let minilm = root.appendingPathComponent(".deps/weights/all-MiniLM-L6-v2")
    /// The real EfficientNet-Lite0 that set-up fetches.
    public static let lite0 = root.appendingPathComponent(".deps/weights/efficientnet-lite0")
}

/// A folder that is gone after the test.
public final class TemporaryFolder {
    public let url: URL

    public init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("braid-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    @discardableResult
    public func write(_ text: String, as name: String) throws -> URL {
        let file = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
        return file
    }

    /// A manifest `m.csv` of so many small pictures in two classes: of six, four to train on, one to choose by and one to test.
    public func writePictures(_ count: Int) throws {
        let images = ["grey8.png", "rgb8.png", "rgba8.png", "palette8.png", "grey.jpg", "cmyk.jpg"]
        let splits = ["train", "train", "train", "train", "val", "test"]
        let rows = (0..<count).map {
            "\($0),\(Fixtures.url("images/\(images[$0 % 6])").path),\($0 % 2 == 0 ? "a" : "b"),\(splits[$0 % 6])"
        }
        try write((["id,image,label,split"] + rows).joined(separator: "\n"), as: "m.csv")
    }
}

/// The largest absolute difference of two tensors of the same shape; infinite where shapes differ or a value is NaN.
public func maxDifference(_ left: Tensor, _ right: Tensor) throws -> Double {
    guard left.shape == right.shape else { return .infinity }
    guard left.count > 0 else { return 0 }
    let a = try left.converted(to: .float64).array(of: Double.self)
    let b = try right.converted(to: .float64).array(of: Double.self)
    return zip(a, b).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
}
