import BraidSupport
import Foundation
import TestSupport
import Testing

/// One writer a folder, and what writers that were killed have left.
@Suite struct FolderLockTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func names(_ url: URL) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }

    @Test func theSecondWriterIsRefusedAndToldWhoTheFirstIs() throws {
        let run = folder.url.appendingPathComponent("run")
        let lock = try FolderLock(run)
        let error = #expect(throws: BraidError.self) { try FolderLock(run) }
        #expect(error?.code == .cannotCreate)
        #expect(
            error?.description
                == "\(run.path) is being written by another braid (process \(getpid())): wait until it has ended, or name another folder with --out"
        )
        try folder.write("kept", as: "run/file")
        lock.release()
        #expect(try names(run) == ["file"])
        try FolderLock.holding(run) { try #expect(names(run) == [FolderLock.fileName, "file"]) }
        #expect(try names(run) == ["file"])
    }

    @Test func aFolderThatWasMadeForItGoesWithIt() throws {
        let run = folder.url.appendingPathComponent("a/run")
        try FolderLock(run).release()
        #expect(!FileManager.default.fileExists(atPath: run.path))
    }

    /// A process that was killed holds nothing, whatever its file says; a link is not followed.
    @Test func whatADeadProcessLeftIsNoLock() throws {
        try folder.write("999999\n", as: "run/.braid.lock")
        try FolderLock(folder.url.appendingPathComponent("run")).release()
        try folder.write("mine", as: "target")
        try FileManager.default.createSymbolicLink(
            at: folder.url.appendingPathComponent("run/.braid.lock"),
            withDestinationURL: folder.url.appendingPathComponent("target"))
        let error = #expect(throws: FileWriteError.self) { try FolderLock(folder.url.appendingPathComponent("run")) }
        #expect(error?.description.contains("run: cannot be written to") == true)
        #expect(try String(contentsOf: folder.url.appendingPathComponent("target"), encoding: .utf8) == "mine")
    }

    @Test func leftoversOfTheDeadGoAndThoseOfTheLivingStay() throws {
        try folder.write("half", as: ".a.1234.tmp")
        try folder.write("half", as: ".folder.1234.new/weights")
        try folder.write("half", as: ".folder.new/weights")
        let replaced = ReplacedFolder(folder.url.appendingPathComponent("folder"))
        try AtomicFile.write(to: folder.url.appendingPathComponent("living")) { file in
            Leftovers.remove(in: folder.url)
            try replaced.write { fresh in
                try AtomicFile.write("1", to: fresh.appendingPathComponent("x"))
                // Another writer of the same folder, which tidies up before it writes.
                try replaced.write { try AtomicFile.write("2", to: $0.appendingPathComponent("x")) }
                #expect(FileManager.default.fileExists(atPath: fresh.path))
            }
            try #expect(names(folder.url).count == 2, "folder, and the temporary file of living")
            try file.write(contentsOf: Data("whole".utf8))
        }
        #expect(try names(folder.url) == ["folder", "living"])
        #expect(try String(contentsOf: folder.url.appendingPathComponent("folder/x"), encoding: .utf8) == "1")
    }

    /// Of a run: a checkpoint that was replaced and not deleted yet lies two levels below.
    @Test func whoeverTakesTheLockTidiesUp() throws {
        for name in ["run/checkpoints/.last.1234.new/weights", "run/checkpoints/best/.weights.1.tmp", "run/.config.yaml.2.tmp"] {
            try folder.write("half", as: name)
        }
        try folder.write("kept", as: "run/checkpoints/last/mine.tmp")
        try FolderLock(folder.url.appendingPathComponent("run")).release()
        #expect(try names(folder.url.appendingPathComponent("run")) == ["checkpoints"])
        #expect(try names(folder.url.appendingPathComponent("run/checkpoints")) == ["best", "last"])
        #expect(try names(folder.url.appendingPathComponent("run/checkpoints/best")).isEmpty)
        #expect(try names(folder.url.appendingPathComponent("run/checkpoints/last")) == ["mine.tmp"])
    }

    /// Foundation's own errors say nothing to a person, and what is half written is of no use.
    @Test func aFullDiskIsNamedAndLeavesWhatWasThere() throws {
        let replaced = ReplacedFolder(folder.url.appendingPathComponent("model"))
        try replaced.write { try AtomicFile.write("old", to: $0.appendingPathComponent("x")) }
        func fill() throws {
            let full = try FileHandle(forWritingTo: URL(fileURLWithPath: "/dev/full"))
            try full.write(contentsOf: Data("x".utf8))
        }
        let named = #expect(throws: FileWriteError.self) {
            try replaced.write { fresh in try AtomicFile.write(to: fresh.appendingPathComponent("weights")) { _ in try fill() } }
        }
        #expect(named?.path == replaced.url.appendingPathComponent("weights").path)
        let inFolder = #expect(throws: FileWriteError.self) { try replaced.write { _ in try fill() } }
        #expect(
            inFolder?.description.hasSuffix(
                "model: cannot be written: No space left on device; free some room, or name a folder on another disk") == true)
        let file = folder.url.appendingPathComponent("file")
        let inFile = #expect(throws: FileWriteError.self) { try AtomicFile.write(to: file) { _ in try fill() } }
        #expect(inFile?.description.contains("file: cannot be written: No space left on device; free some room") == true)
        #expect(try names(folder.url) == ["model"])
        #expect(try String(contentsOf: replaced.url.appendingPathComponent("x"), encoding: .utf8) == "old")
    }

    @Test func foundationsErrorsAreDescribedForPeople() {
        let error = #expect(throws: (any Error).self) { try Data(contentsOf: URL(fileURLWithPath: "/no/such\u{1B}")) }
        #expect(error.flatMap { FileFault.describe($0) } == "/no/such\\u{1B}: No such file or directory")
        #expect(FileFault.describe(BraidError(.usage, "x")) == nil)
    }

    /// Nobody else reads a file that is half written; whole, it is as other programs' files are.
    @Test func filesArePrivateUntilTheyAreWhole() throws {
        func mode(_ url: URL) throws -> Int {
            try #require(FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int)
        }
        let mask = umask(0)
        umask(mask)
        let url = folder.url.appendingPathComponent("file")
        try AtomicFile.write(to: url) { _ in
            let temporary = try #require(try names(folder.url).first)
            try #expect(mode(folder.url.appendingPathComponent(temporary)) == 0o600)
        }
        #expect(try mode(url) == Int(0o666 & ~mask))
        let replaced = ReplacedFolder(folder.url.appendingPathComponent("model"))
        try replaced.write { fresh in try #expect(mode(fresh) == 0o700) }
        #expect(try mode(replaced.url) == Int(0o777 & ~mask))
    }

    /// Reading finds what a crash has left under another name, and changes nothing.
    @Test func readingMovesNothing() throws {
        try folder.write("x", as: ".model.old/x")
        let replaced = ReplacedFolder(folder.url.appendingPathComponent("model"))
        #expect(replaced.readable.lastPathComponent == ".model.old")
        #expect(try names(folder.url) == [".model.old"])
        try replaced.write { try AtomicFile.write("new", to: $0.appendingPathComponent("x")) }
        #expect(replaced.readable.lastPathComponent == "model")
        #expect(try names(folder.url) == ["model"])
    }
}
