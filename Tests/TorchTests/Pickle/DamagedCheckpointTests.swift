import Foundation
import Testing

@testable import Torch

/// Files whose offsets, lengths and shapes lie.
@Suite struct DamagedCheckpointTests {
    private static let pickle = tensorPickle(count: 4, shape: [2, 2], strides: [2, 1])

    @Test func readsWhatTheBuildersMake() {
        #expect(refusal(ZipBuilder(pickle: Self.pickle).data) == nil)
        var zip = ZipBuilder(pickle: Self.pickle)
        zip.zip64 = true
        #expect(refusal(zip.data) == nil)
    }

    @Test(arguments: [
        (tensorPickle(count: 4, shape: [5], strides: [1]), "w takes 5 elements at 0 of a storage that has 4"),
        (tensorPickle(count: 4, offset: 1, shape: [4], strides: [1]), "w takes 4 elements at 1 of a storage that has 4"),
        (tensorPickle(count: 4, shape: [2, 2], strides: [3, 1]), "w takes 5 elements at 0 of a storage that has 4"),
        (
            tensorPickle(count: 5, shape: [4], strides: [1]), "w is of a storage of 5 float32, which has 16 bytes"
        ),
        (tensorPickle(count: 4, shape: [4], strides: [1], key: "7"), "w is of the storage 7, which is not there"),
        (tensorPickle(count: 4, offset: -1, shape: [4], strides: [1]), "a tensor has no storage, offset, shape and strides"),
        (tensorPickle(count: 4, shape: [-4], strides: [1]), "a tensor has no storage, offset, shape and strides"),
        (tensorPickle(count: 4, shape: [4], strides: [-1]), "a tensor has no storage, offset, shape and strides"),
        (tensorPickle(count: 4, shape: [4], strides: [1, 1]), "a tensor has no storage, offset, shape and strides"),
        (tensorPickle(count: -4, shape: [4], strides: [1]), "its pickle refers to a storage in a way that torch.save does not"),
        (
            tensorPickle(count: 4, shape: [.max, .max, .max], strides: [0, 0, 0]),
            "w claims the shape [2147483647, 2147483647, 2147483647] and the strides [0, 0, 0]"
        ),
        (
            tensorPickle(count: 4, shape: [.max, .max, 0], strides: [1, 1, 1]),
            "w claims the shape [2147483647, 2147483647, 0] and the strides [1, 1, 1]"
        ),
    ])
    func refusesTensorsBeyondTheirStorage(_ pickle: [UInt8], _ message: String) {
        #expect(refusal(ZipBuilder(pickle: pickle).data) == "is damaged: \(message)")
    }

    /// A million times the same element is no reason to take memory for a million.
    @Test func refusesToRepeatElementsBeyondTheFile() throws {
        let file = ZipBuilder(pickle: tensorPickle(count: 4, shape: [1_000_000], strides: [0])).data
        let contents = try file.withUnsafeBytes { try PickledContents($0, source: nil) }
        #expect(contents.unsupported == ["w": "its 1000000 elements repeat fewer, and are more than the file could hold"])
    }

    @Test func refusesEntriesThatLie() {
        let lie = "is damaged: its entry x/byteorder is not what its zip directory says"
        let cases: [(field: WritableKeyPath<ZipBuilder.Entry, UInt32?>, value: UInt32, message: String)] = [
            (\.offset, 0, lie), (\.size, 7, lie), (\.localSize, 7, lie),
            (\.offset, .max - 1, "is damaged: the entry x/byteorder begins behind the end of the file"),
        ]
        for (field, value, message) in cases {
            var zip = ZipBuilder(pickle: Self.pickle)
            zip.entries[1][keyPath: field] = value
            #expect(refusal(zip.data) == message)
        }
    }

    @Test func refusesEntriesThatOverlap() {
        var zip = ZipBuilder(pickle: Self.pickle)
        (zip.entries[1].size, zip.entries[1].localSize) = (40, 40)
        #expect(refusal(zip.data) == "is damaged: its entry x/data/0 overlaps another")
        (zip.entries[2].size, zip.entries[2].localSize) = (40, 40)
        (zip.entries[1].size, zip.entries[1].localSize) = (nil, nil)
        #expect(refusal(zip.data) == "is damaged: its entry x/data/0 overlaps another")
    }

    @Test func refusesDirectoriesThatLie() {
        let fields: [WritableKeyPath<ZipBuilder, UInt32?>] = [\.directoryOffset, \.directorySize]
        for field in fields {
            for value in [0, 1, 1000, UInt32.max - 1, .max] {
                for zip64 in [false, true] {
                    var zip = ZipBuilder(pickle: Self.pickle)
                    zip.zip64 = zip64
                    zip[keyPath: field] = value
                    #expect(refusal(zip.data) != nil, "\(value), zip64 \(zip64)")
                }
            }
        }
        var zip = ZipBuilder(pickle: Self.pickle)
        for count in [0, 2, 4, UInt16.max - 1, .max] {
            zip.count = count
            #expect(refusal(zip.data) != nil, "\(count) entries")
        }
    }

    @Test func refusesNamesAndArchivesThatAreNotTorchs() {
        func archive(_ names: [String]) -> String? {
            refusal(ZipBuilder(names.map { .init(name: $0, content: [0x80, 2, 0x7D, 0x2E]) }).data)
        }
        #expect(archive(["x/data.pkl", "x/data.pkl"]) == "its entry x/data.pkl is there twice")
        #expect(archive(["x/data.pkl", "/etc/passwd"]) == "its entry /etc/passwd has a name that leads out of the archive")
        #expect(archive(["x/data.pkl", "x\\..\\y"]) == #"its entry x\..\y has a name that leads out of the archive"#)
        #expect(archive(["readme.txt"]) == "is a zip archive, but not one of torch.save: it has no FOLDER/data.pkl")
        #expect(archive(["x/data.pkl", "y/data.pkl"]) == "is a zip archive, but not one of torch.save: it has no FOLDER/data.pkl")
        #expect(archive(["a.npy"]) == "is an archive of NumPy arrays (.npz), no checkpoint: save its arrays as safetensors")
        var zip = ZipBuilder(pickle: Self.pickle)
        zip.entries[0].flags = 1
        #expect(refusal(zip.data) == "its entry x/data.pkl is encrypted")
    }
}
