import BraidSupport
import Foundation
import Testing

/// How files that are passed on name others, and how these are found again.
@Suite struct PathsTests {
    private let home = URL(fileURLWithPath: ProcessInfo.processInfo.environment["HOME"] ?? NSHomeDirectory())

    @Test(
        arguments: [
            ("/data/run", "/data/run/m.csv", "m.csv"), ("/data/runs/a", "/data/m.csv", "../../m.csv"),
            ("/mnt/x", "/srv/w", "../../srv/w"),
            ("/data", "/data", "."),
        ])
    func placesLeadFromTheFolder(_ folder: String, _ file: String, _ shown: String) {
        let (folder, file) = (URL(fileURLWithPath: folder), URL(fileURLWithPath: file))
        #expect(Paths.portable(file, from: folder) == shown)
        #expect(Paths.resolve(shown, in: folder).standardizedFileURL.path == file.path)
    }

    @Test func nobodysHomeIsNamed() {
        let (file, outside) = (home.appendingPathComponent("data/m.csv"), URL(fileURLWithPath: "/srv/runs/a"))
        #expect(Paths.portable(file, from: outside) == "~/data/m.csv")
        #expect(Paths.resolve("~/data/m.csv", in: outside).path == file.standardizedFileURL.path)
        #expect(Paths.portable(file, from: home.appendingPathComponent("runs/a")) == "../../data/m.csv")
        #expect(!Paths.portable(outside, from: home.appendingPathComponent("runs")).contains(home.lastPathComponent))
    }

    @Test(
        arguments: [
            ("/home/anna/weights", "weights"), ("~/w/net.pth", "net.pth"), ("../w/net", "net"), ("openai/clip", "openai/clip"),
            ("bundled:net", "bundled:net"), ("weights/net", "weights/net"),
        ])
    func ofAPlaceTheLastPartIsLeft(_ name: String, _ shown: String) { #expect(Paths.withoutPlace(name) == shown) }
}
