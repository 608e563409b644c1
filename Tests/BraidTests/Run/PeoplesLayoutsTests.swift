import Foundation
import TestSupport
import Testing

@testable import Braid

/// What people's data look like, and what `init` makes of it: the table in docs/manifest.md.
@Suite struct PeoplesLayoutsTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for index in 0..<6 {
            try TestMedia.greyPNG(level: 30 * index, seed: index, size: 20).write(
                to: folder.url.appendingPathComponent("\(index).png"))
        }
        try FileManager.default.copyItem(at: Fixtures.url("audio/pcm16-8k.wav"), to: folder.url.appendingPathComponent("a.wav"))
    }

    private static let cells = ["0.png", "1.png", "2.png", "3.png", "4.png", "5.png"]

    private func proposal(_ text: String, as name: String) throws -> (yaml: String, read: Configuration) {
        let url = try folder.write(text, as: name)
        let yaml = try ConfigurationProposal.yaml(for: url, relativeTo: folder.url, atHand: ["cnn10-sounds"])
        return (yaml, try Configuration.read(folder.write(yaml, as: "c.yaml"), overrides: []))
    }

    private func rows(_ row: (Int, String) -> String) -> String {
        Self.cells.enumerated().map { row($0.offset, $0.element) + "\n" }.joined()
    }

    @Test func huggingFaceMetadata() throws {
        let csv = try proposal("file_name,label\n" + rows { "\($1),\($0 % 3)" }, as: "metadata.csv")
        #expect(csv.read.columns.name("image") == "file_name" && csv.read.modalities[.image] != nil)
        let json = try proposal(
            rows { #"{"file_name": "\#($1)", "text": "caption \#($0)", "category": "\#($0 % 2)"}"# }, as: "metadata.jsonl")
        #expect(json.read.columns.name("image") == "file_name" && json.read.columns.name("label") == "category")
        #expect(json.read.modalities.keys.sorted() == [.image, .text])
        let sound = try proposal(
            "file_name,transcription,speaker,label\n" + (0..<6).map { "a.wav,word \($0),s\($0 % 3),\($0 % 2)\n" }.joined(),
            as: "m.csv")
        #expect(sound.read.columns.name("audio") == "file_name" && sound.read.columns.name("text") == "transcription")
    }

    @Test func ludwig() throws {
        let found = try proposal(
            "image_path,title,description,class,split\n"
                + rows { "\($1),t\($0),d\($0),c\($0 % 2),\(["train", "validation", "test"][$0 % 3])" }, as: "l.csv")
        #expect(found.read.columns.name("image") == "image_path" && found.read.columns.name("label") == "class")
        #expect(
            found.yaml.contains("# Left out, for nothing here says what they are") && found.yaml.contains("ignore: [\"title\"]"))
        #expect(
            try Manifest.read(folder.url.appendingPathComponent("l.csv"), columns: found.read.columns).samples(in: .val).count == 2)
    }

    @Test func autoGluonAndKaggle() throws {
        // PetFinder's form: an index without a name, pictures under their own name, a target that only its values tell.
        let pet = try proposal(
            "PetID,Images,Description,Breed\n" + rows { "p\($0),\($1),a long description of \($0),\($0 % 2)" }, as: "p.csv")
        #expect(pet.read.columns.name("image") == "Images" && pet.read.columns.name("text") == "Description")
        #expect(pet.read.columns.name("label") == "Breed" && pet.read.columns.ignored == ["PetID"])
        let kaggle = try proposal("Image,Label\n" + rows { "\($1),\(["cat", "dog"][$0 % 2])" }, as: "k.csv")
        #expect(kaggle.read.columns.name("image") == "Image" && kaggle.read.columns.name("label") == "Label")
        #expect(throws: BraidError.self) {
            try proposal("Image,A,B\n" + rows { "\($1),\(["x", "y"][$0 % 2]),\(["u", "v"][$0 / 3])" }, as: "two.csv")
        }
    }

    @Test func listsOfClasses() throws {
        let found = try proposal("path,tags,label\n" + rows { #"\#($1),x,"['red', 'c\#($0 % 2)']""# }, as: "t.csv")
        #expect(found.read.heads[0].kind == .multilabel && found.read.columns.name("image") == "path")
    }

    @Test func columnsOfZeroAndOne() throws {
        let found = try proposal(
            "img,sunny,beach,night\n" + rows { "\($1),\($0 % 2),\($0 < 2 ? 1 : 0),\($0 == 5 ? "" : "0")" }, as: "h.csv")
        #expect(found.read.columns.oneHot == ["sunny", "beach", "night"] || found.read.columns.oneHot == ["sunny", "beach"])
        let columns = Columns(names: ["image": "img"], oneHot: ["sunny", "beach", "night"])
        let samples = try Manifest.read(folder.url.appendingPathComponent("h.csv"), columns: columns).samples
        #expect(
            try samples.map { try Multilabel().names(in: $0.label ?? "?") } == [
                ["beach"], ["sunny", "beach"], [], ["sunny"], [], ["sunny"],
            ])
        let wrong = try folder.write("img,sunny,beach,night\n0.png,2,0,1\n1.png,,,\n", as: "wrong.csv")
        let error = #expect(throws: BraidError.self) { try Manifest.read(wrong, columns: columns) }
        #expect(error?.description.contains("wrong.csv:2: sunny: \"2\" is neither 1 nor 0") == true)
        #expect(error?.faults.contains { $0.line == 3 } == true)
        let yaml = found.yaml.replacingOccurrences(of: "task: multilabel", with: "task: binary")
        #expect(throws: BraidError.self) { try Configuration.read(folder.write(yaml, as: "binary.yaml"), overrides: []) }
    }

    @Test func aFolderForEachClass() throws {
        let tree = folder.url.appendingPathComponent("pets")
        for (index, place) in ["cat", "cat", "dog", "dog"].enumerated() {
            let to = tree.appendingPathComponent("\(place)/\(index).png")
            try FileManager.default.createDirectory(at: to.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: folder.url.appendingPathComponent("\(index).png"), to: to)
        }
        try "x".write(to: tree.appendingPathComponent("notes.md"), atomically: true, encoding: .utf8)
        let plain = try FolderTree(tree, relativeTo: folder.url)
        #expect(plain.csv.hasPrefix("id,image,label\ncat/0.png,pets/cat/0.png,cat\n"))
        #expect(plain.notes == ["left out, for they are neither pictures nor recordings: 1 file"])
        #expect(try proposal(plain.csv, as: "pets.csv").read.modalities.keys.sorted() == [.image])
        // The same under train, val and test.
        let split = folder.url.appendingPathComponent("split")
        for name in ["train", "valid", "test"] {
            try FileManager.default.createDirectory(at: split, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: tree, to: split.appendingPathComponent(name))
        }
        let divided = try FolderTree(split, relativeTo: folder.url)
        let manifest = try Manifest.read(folder.write(divided.csv, as: "split.csv"))
        #expect(
            Split.allCases.map { manifest.samples(in: $0).count } == [4, 4, 4]
                && Set(manifest.samples.compactMap(\.label)) == ["cat", "dog"])
        #expect(throws: BraidError.self, "loose files") {
            try FolderTree(folder.url.appendingPathComponent("pets/cat"), relativeTo: folder.url)
        }
        try FileManager.default.copyItem(
            at: folder.url.appendingPathComponent("a.wav"), to: tree.appendingPathComponent("dog/a.wav"))
        #expect(throws: BraidError.self, "pictures and recordings") { try FolderTree(tree, relativeTo: folder.url) }
    }
}
