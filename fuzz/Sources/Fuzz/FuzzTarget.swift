import Foundation

@testable import Braid
@testable import BraidSupport
@testable import BraidTokenizers
@testable import Torch

/// A reader, and how bytes that nobody vouches for are given to it.
struct FuzzTarget: Sendable {
    let name: String
    /// Reads the input; an error is as good an answer as any.
    let read: @Sendable (UnsafeRawBufferPointer) throws -> Void

    static let all = [
        FuzzTarget(name: "safetensors") { _ = try SafetensorsHeader($0, path: "input").parse() },
        FuzzTarget(name: "pickle") { bytes in
            do { _ = try PickledContents(bytes, source: nil) } catch is Refusal {}
        },
        FuzzTarget(name: "shards") { _ = try ShardedCheckpoint(InputFile.write($0, as: "model.safetensors.index.json")) },
        FuzzTarget(name: "json") { _ = try JSONObject(InputFile.write($0, as: "config.json")) },
        FuzzTarget(name: "tokenizer") { try encode(Tokenizer(TokenizerFile(Array($0), URL(fileURLWithPath: "tokenizer.json")))) },
        FuzzTarget(name: "sentencepiece") { bytes in
            let file = try InputFile.write(bytes, as: "spm.model")
            let settings = JSONObject([:], path: "tokenizer_config.json")
            try encode(Tokenizer(sentencePiece: file, family: .plain, settings: settings))
            try encode(Tokenizer(sentencePiece: file, family: .xlmRoberta, settings: settings))
        },
        FuzzTarget(name: "vocabulary") { bytes in
            let file = try InputFile.write(bytes, as: "vocab.txt")
            try encode(Tokenizer(vocabulary: file, settings: JSONObject([:], path: "tokenizer_config.json")))
        },
        FuzzTarget(name: "manifest") { bytes in
            // The first byte says which form the rest is of.
            let form = ["csv", "tsv", "jsonl"][Int(bytes.first ?? 0) % 3]
            _ = try Manifest.read(InputFile.write(UnsafeRawBufferPointer(rebasing: bytes.dropFirst()), as: "rows.\(form)"))
        },
        FuzzTarget(name: "configuration") { bytes in
            let document = ConfigurationDocument(yaml: String(decoding: bytes, as: UTF8.self), file: "config.yaml")
            _ = try Configuration(document, folder: URL(fileURLWithPath: "/nowhere"))
        },
        FuzzTarget(name: "picture") { _ = try ImageDecoder.decode(.bytes(Data($0))) },
        FuzzTarget(name: "sound") { _ = try AudioDecoder.decode(.bytes(Data($0))) },
    ]

    /// Texts that meet every kind of component.
    private static func encode(_ tokenizer: Tokenizer) throws {
        for text in ["", "½ Some ﬁne text,  no more… 中文 e\u{301}", String(repeating: "ab \u{301}a", count: 300)] {
            _ = try tokenizer.encode(text)
            _ = try tokenizer.encode(text, limit: 16)
        }
    }
}

/// What libFuzzer's callback, which captures nothing, gives its input to.
enum Chosen {
    // Set once, before the first input.
    nonisolated(unsafe) static var target: FuzzTarget?

    /// Ends the process where a file causes what the command would call a fault of Braid itself.
    static func run(_ bytes: UnsafeRawBufferPointer) {
        do { try target?.read(bytes) } catch {
            guard Causes.code(of: error) == .internal else { return }
            FileHandle.standardError.write(Data("\(target?.name ?? ""): an input ends in exit code 70: \(error)\n".utf8))
            abort()
        }
    }
}

/// A file in memory where there is such a folder, written anew for each input.
enum InputFile {
    private static let folder: URL = {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        let folder = URL(fileURLWithPath: parent).appendingPathComponent("braid-fuzz-\(getpid())")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }()

    static func write(_ bytes: UnsafeRawBufferPointer, as name: String) throws -> URL {
        let url = folder.appendingPathComponent(name)
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        var rest = bytes
        while !rest.isEmpty {
            let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
            guard count > 0 else { throw CocoaError(.fileWriteUnknown) }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
        return url
    }
}
