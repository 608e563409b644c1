internal import Foundation

/// What a training leaves in its model's folder for a training that goes on from there: `continual/NAME`, a folder a method.
struct HandedOn {
    /// What fills each method's folder, by the method's name.
    private var writers: [String: (URL) throws -> Void] = [:]

    static let folderName = "continual"

    /// Nothing.
    init() {}

    /// What lies in the model's folder `model`, to be copied where the model is written anew.
    init(in model: URL) {
        let place = model.appendingPathComponent(Self.folderName)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        for name in names where !name.hasPrefix(".") {
            let source = place.appendingPathComponent(name)
            writers[name] = { target in
                for file in try FileManager.default.contentsOfDirectory(atPath: source.path) {
                    try FileFault.copy(source.appendingPathComponent(file), to: target.appendingPathComponent(file))
                }
            }
        }
    }

    /// Adds a method's part.
    ///
    /// - Parameters:
    ///   - name: The method's name, which is the folder's.
    ///   - write: Fills the empty folder that it is given.
    mutating func add(_ name: String, _ write: @escaping (URL) throws -> Void) { writers[name] = write }

    /// Writes every part into the model's folder `model`.
    func write(into model: URL) throws {
        for (name, write) in writers.sorted(by: { $0.key < $1.key }) {
            let place = model.appendingPathComponent("\(Self.folderName)/\(name)")
            try FileFault.makeFolder(place)
            try write(place)
        }
    }
}
