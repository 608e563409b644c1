import Braid
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ImageDecoderTests {
    static let names = (try? FileManager.default.contentsOfDirectory(atPath: Fixtures.url("images").path).sorted()) ?? []

    @Test func everyKindIsThere() { #expect(Self.names.count >= 20) }

    /// Against Pillow's decode: scripts/references/images.py.
    @Test(arguments: names) func agreesWithPillow(_ name: String) throws {
        let expected = try Fixtures.tensors("images.safetensors").tensor("\(name)/pixels")
        let image = try ImageDecoder.decode(Fixtures.url("images/\(name)"))
        let pixels = try Tensor(image.pixels, shape: [image.height, image.width, 3])
        #expect(pixels.shape == expected.shape)
        // Two builds of libjpeg may round a level apart.
        try #expect(maxDifference(pixels, expected) <= (name.hasSuffix(".jpg") ? 2 : 0))
    }

    @Test(arguments: [("truncated.jpg", "is damaged"), ("text.png", "no PNG, JPEG, WebP, GIF"), ("truncated.png", "is damaged")])
    func badFilesAreNamedWithTheReason(_ name: String, _ reason: String) throws {
        let url = Fixtures.url("bad/\(name)")
        let error = #expect(throws: DecodeError.self) { try ImageDecoder.decode(url) }
        #expect(error?.path == url.path)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test func anotherBackgroundShowsThroughTransparency() throws {
        let url = Fixtures.url("images/\(try #require(Self.names.first { $0.contains("rgba") }))")
        #expect(try ImageDecoder.decode(url, background: 0) != ImageDecoder.decode(url))
    }

    /// Whatever is done to a file, decoding ends with a picture or an error.
    @Test(arguments: names) func damagedFilesNeverCrash(_ name: String) throws {
        let whole = [UInt8](try Data(contentsOf: Fixtures.url("images/\(name)")))
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("damaged")
        var state: UInt64 = 88
        for _ in 0..<30 {
            var bytes = whole
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[8 + Int(state >> 33) % (bytes.count - 8)] = UInt8(truncatingIfNeeded: state >> 20)
            }
            try Data(bytes.prefix(bytes.count - Int(state % 7))).write(to: url)
            do { _ = try ImageDecoder.decode(url) } catch { #expect(error is DecodeError) }
        }
    }
}

/// Media that a program holds in memory, and never wrote down.
@Suite struct MemoryMediaTests {
    @Test(arguments: ["grey8.png", "baseline-420.jpg", "exif6.jpg"]) func picturesFromBytesAreThoseOfTheFile(_ name: String) throws
    {
        let url = Fixtures.url("images/\(name)")
        #expect(try ImageDecoder.decode(.bytes(Data(contentsOf: url))) == ImageDecoder.decode(url))
    }

    @Test(arguments: ["pcm16-8k.wav", "flac-22k.flac", "vorbis-16k.ogg", "mp3-44k-stereo.mp3", "opus-48k.opus"])
    func recordingsFromBytesAreThoseOfTheFile(_ name: String) throws {
        let url = Fixtures.url("audio/\(name)")
        let bytes = Medium(.bytes(try Data(contentsOf: url)), start: 0.05, end: 0.1)
        #expect(try AudioDecoder.decode(bytes) == AudioDecoder.decode(.init(url: url, start: 0.05, end: 0.1)))
        #expect(try AudioDecoder.decode(.bytes(Data(contentsOf: url))) == AudioDecoder.decode(.file(url)))
    }

    @Test func textsFromBytesAreUTF8() throws {
        #expect(try Medium.bytes(Data("zwölf".utf8)).text() == "zwölf")
        #expect(throws: DecodeError.self) { try Medium.bytes(Data([0xFF, 0xFE])).text() }
    }

    @Test func whatCannotBeDecodedIsNamed() throws {
        for length in [0, 1, 40, 1000] {
            let cut = Data((try Data(contentsOf: Fixtures.url("audio/flac-22k.flac"))).prefix(length).dropLast(1))
            let error = #expect(throws: DecodeError.self) { try AudioDecoder.decode(.bytes(cut)) }
            #expect(error?.description.hasPrefix("\(cut.count) bytes in memory") == true, "\(error?.description ?? "")")
        }
        #expect(throws: DecodeError.self) { try ImageDecoder.decode(.bytes(Data([0x89, 0x50]))) }
    }
}

@Suite struct AudioDecoderTests {
    /// Against the soundfile package: scripts/references/audio.py.
    @Test func agreesWithSoundFile() throws {
        let file = try Fixtures.tensors("audio.safetensors")
        #expect(file.entries.count >= 5)
        for key in file.entries.keys {
            let name = String(key.dropLast("/mono".count))
            let clip = try AudioDecoder.decode(.init(url: Fixtures.url("audio/\(name)")))
            let expected: [Float] = try file.tensor(key).array()
            // Codecs with loss differ by version in their last frames.
            let isLossy = ["ogg", "opus", "mp3"].contains((name as NSString).pathExtension)
            #expect(abs(clip.samples.count - expected.count) <= (isLossy ? 2400 : 0), "\(name)")
            let difference = zip(clip.samples, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(difference <= (isLossy ? 2e-2 : 1e-6), "\(name): \(difference)")
        }
    }

    @Test func stretchesAreCutOut() throws {
        let url = Fixtures.url("audio/\(try #require(try wav()))")
        let whole = try AudioDecoder.decode(.init(url: url))
        let part = try AudioDecoder.decode(.init(url: url, start: 0.05, end: 0.1))
        let from = Int(0.05 * Double(whole.rate))
        #expect(part.samples == Array(whole.samples[from..<Int(0.1 * Double(whole.rate))]))
        #expect(throws: DecodeError.self) { try AudioDecoder.decode(.init(url: url, start: 1e300)) }
        #expect(throws: DecodeError.self) { try AudioDecoder.decode(.init(url: url, start: 1000)) }
    }

    @Test(arguments: ["empty.wav", "header-only.wav", "text.png"]) func badFilesAreNamedWithTheReason(_ name: String) throws {
        let url = Fixtures.url("bad/\(name)")
        let error = #expect(throws: DecodeError.self) { try AudioDecoder.decode(.init(url: url)) }
        #expect(error?.path == url.path)
    }

    @Test func resamplingKeepsATone() throws {
        let tone = (0..<8000).map { Float(sin(2 * Double.pi * 440 * Double($0) / 8000)) }
        let clip = try AudioClip(samples: tone, rate: 8000).resampled(to: 16_000)
        #expect(abs(clip.samples.count - 16_000) <= 1)
        let expected = (0..<16_000).map { Float(sin(2 * Double.pi * 440 * Double($0) / 16_000)) }
        let middle = zip(clip.samples, expected).dropFirst(2000).dropLast(2000)
        #expect((middle.map { abs($0 - $1) }.max() ?? 1) < 1e-3)
    }

    private func wav() throws -> String? {
        try FileManager.default.contentsOfDirectory(atPath: Fixtures.url("audio").path).sorted().first { $0.hasSuffix(".wav") }
    }

    /// A large picture is decoded at a fraction of its size, never below what is wanted, and looks the same.
    @Test func largeJPEGsAreScaledWhereAsked() throws {
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: Fixtures.url("images").path).sorted().first { $0.hasSuffix(".jpg") })
        let url = Fixtures.url("images/\(name)")
        let whole = try ImageDecoder.decode(url)
        for part in [1, 2, 4, 8] {
            let wanted = (height: whole.height / part, width: whole.width / part)
            let scaled = try ImageDecoder.decode(url, atLeast: { _, _ in wanted })
            #expect(scaled.height >= wanted.height && scaled.width >= wanted.width)
            #expect(scaled.height < 2 * (wanted.height + 1))
            let mean = { (image: Image) in Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count) }
            #expect(abs(mean(scaled) - mean(whole)) < 8)
        }
        #expect(try ImageDecoder.decode(url, atLeast: { ($0, $1) }) == whole)
    }

    /// What lies behind the name of a picture or a recording where a download failed, or nobody converted it.
    @Test(arguments: [
        ("", "is empty"), ("<!DOCTYPE html><p>404", "is an HTML page"), ("\n <html>", "is an HTML page"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0", "is a pointer of Git LFS"),
        ("%PDF-1.4", "is PDF"), ("\u{93}NUMPY", "is no "), ("PK\u{3}\u{4}", "is a ZIP archive"),
        ("\0\0\0\0\0\0\0\0", "begins with nothing but zeros"), ("<?xml version", "is XML"),
    ])
    func filesAreNamedForWhatTheyAre(_ content: String, _ reason: String) throws {
        let medium = Medium.bytes(Data(content.utf8))
        let picture = #expect(throws: DecodeError.self) { try ImageDecoder.decode(medium) }
        #expect(picture?.reason.hasPrefix(reason) == true, "\(picture?.reason ?? "")")
        let sound = #expect(throws: DecodeError.self) { try AudioDecoder.decode(medium) }
        #expect(sound?.reason.hasPrefix(reason) == true, "\(sound?.reason ?? "")")
    }

    /// WebP and GIF against Pillow, over white: scripts/references/pictures.py.
    @Test func webPAndGIFAreWhatPillowSees() throws {
        let file = try Fixtures.tensors("reports/pictures/expected.safetensors")
        #expect(file.entries.count == 9)
        for name in file.entries.keys.sorted() {
            let picture = try ImageDecoder.decode(Fixtures.url("reports/pictures/\(name)"))
            let expected = try file.tensor(name).array(of: UInt8.self)
            #expect(file.entries[name]?.shape == [picture.height, picture.width, 3], "\(name)")
            let sum = zip(picture.pixels, expected).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(sum <= expected.count, "\(name): \(Double(sum) / Double(expected.count)) on average")
        }
    }

    /// Cut or changed anywhere they are named, or make a picture; nothing crashes.
    @Test func damagedWebPAndGIFAreNamedOrDecoded() throws {
        for name in try Fixtures.tensors("reports/pictures/expected.safetensors").entries.keys.sorted() {
            let whole = try Data(contentsOf: Fixtures.url("reports/pictures/\(name)"))
            for place in stride(from: 0, to: whole.count, by: max(1, whole.count / 200)) {
                // What follows the first frame of an animation is not looked at, nor a GIF's last byte.
                if !name.hasPrefix("animated"), place + 2 < whole.count {
                    #expect(throws: DecodeError.self, "\(name) cut at \(place)") {
                        try ImageDecoder.decode(.bytes(whole.prefix(place)))
                    }
                }
                var changed = whole
                changed[changed.startIndex + place] ^= 0xA5
                _ = try? ImageDecoder.decode(.bytes(changed))
            }
        }
    }
}
