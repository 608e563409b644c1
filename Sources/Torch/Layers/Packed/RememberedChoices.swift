internal import BraidSupport
internal import Foundation

/// The ways of computing that were measured: kept, so that a second run on the same machine computes as the first did, to the last bit.
///
/// A busy moment may decide otherwise where two ways are about as fast, and they round differently. So what was found once holds for every process
/// of the user on this processor, with as many threads and the same libtorch: it lies in the user's cache, `choices/`. What goes on with
/// earlier work takes the ways of that work, whatever the cache says: `adopt`.
public enum RememberedChoices {
    /// What is measured: a line each.
    private static let measured: [any AdoptableChoice] = [
        MatrixLibrary.fastest, MatrixLibrary.fastestInTraining, ConvolutionMethod.fastest, AttentionMethod.fastest,
    ]

    /// All of them by name, measured where that was not done yet: for what is to be gone on with. On a device other than the CPU none decides.
    ///
    /// - Throws: `TorchError` where a variable of the environment names no way that there is.
    public static func all() throws(TorchError) -> [String: String] {
        var choices: [String: String] = [:]
        for choice in measured { choices[choice.name] = try choice.value() }
        return choices
    }

    /// Computes from here on as `choices` say, which `all` gave an earlier process. A variable of the environment wins; a name that is not known
    /// is left alone.
    public static func adopt(_ choices: [String: String]) {
        for choice in measured {
            if let value = choices[choice.name] { choice.adopt(value) }
        }
    }

    /// What an earlier process found under `name`; nil where none did, or it is none of `Choice`.
    static func known<Choice: MeasuredChoice>(_ name: String, as _: Choice.Type, in cache: URL = UserCache.folder()) -> Choice? {
        guard let data = try? InputFile.data(file(name, in: cache).path, most: 1000) else { return nil }
        return Choice(rawValue: String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Keeps what was found, and gives what holds: of two processes that find out at once the first one's. A cache that cannot be written to
    /// keeps nothing, which is no failure.
    static func keep<Choice: MeasuredChoice>(_ name: String, _ choice: Choice, in cache: URL = UserCache.folder()) -> Choice {
        let place = file(name, in: cache)
        let temporary = place.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString).tmp")
        guard (try? FileFault.makeFolder(place.deletingLastPathComponent())) != nil,
            (try? AtomicFile.write(choice.rawValue + "\n", to: temporary)) != nil
        else { return choice }
        // Unlike a rename, this leaves a file alone that is there by now.
        link(temporary.path, place.path)
        unlink(temporary.path)
        return known(name, as: Choice.self, in: cache) ?? choice
    }

    private static func file(_ name: String, in cache: URL) -> URL {
        cache.appendingPathComponent("choices").appendingPathComponent("\(name)-\(machine)")
    }

    /// What decides how fast each way is: the processor, how many threads there are, and libtorch.
    private static let machine: String = {
        let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.split(separator: "\n") ?? []
        let processor = lines.prefix { !$0.hasPrefix("processor\t: 1") }.filter { line in
            ["vendor_id", "cpu family", "model", "stepping", "flags", "CPU part", "Features"].contains { line.hasPrefix($0) }
        }
        let identity = processor.joined(separator: "\n") + "\n\(Processors.count) \(Library.version) \(Version.current)"
        return String(Fingerprint.of(identity).prefix(16))
    }()
}
