import Foundation
import TestSupport
import Testing
import Torch

@testable import Braid

/// Formats that libraries read which are loaded when a file wants them.
@Suite struct FormatTests {
    static let pictures =
        ((try? FileManager.default.contentsOfDirectory(atPath: Fixtures.url("reports/pictures-formats").path)) ?? [])
        .filter { !$0.hasSuffix(".safetensors") }.sorted()

    /// Against Pillow, upright and over white, a level apart on average: scripts/references/picture_formats.py.
    @Test func picturesAreWhatPillowSees() throws {
        #expect(Self.pictures.count == 88)
        let file = try Fixtures.tensors("reports/pictures-formats/expected.safetensors")
        for name in Self.pictures {
            let picture = try ImageDecoder.decode(Fixtures.url("reports/pictures-formats/\(name)"))
            let expected = try file.tensor(name).array(of: UInt8.self)
            #expect(file.entries[name]?.shape == [picture.height, picture.width, 3], "\(name)")
            let sum = zip(picture.pixels, expected).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(sum <= expected.count, "\(name): \(Double(sum) / Double(expected.count)) on average")
        }
    }

    /// Cut anywhere they are named, or whole; changed anywhere nothing crashes.
    @Test func damagedPicturesAreNamed() throws {
        for name in Self.pictures {
            let url = Fixtures.url("reports/pictures-formats/\(name)")
            let (data, whole) = (try Data(contentsOf: url), try ImageDecoder.decode(url))
            for part in 1..<10 {
                let place = data.count * part / 10
                do {
                    let cut = try ImageDecoder.decode(.bytes(data.prefix(place)))
                    #expect(cut == whole, "\(name), cut at \(place) of \(data.count)")
                } catch let error as DecodeError {
                    let isNamed = ["is damaged: ", "is cut short or damaged: "].contains(where: error.reason.hasPrefix)
                    #expect(isNamed && !error.reason.contains(": is damaged"), "\(name): \(error.reason)")
                }
                var changed = data
                changed[place] ^= 0xA5
                _ = try? ImageDecoder.decode(.bytes(changed))
            }
        }
    }

    @Test func aPictureIsNoRecordingAndTheOtherWayRound() throws {
        let heic = try #require(Self.pictures.first { $0.hasSuffix(".heic") })
        let sound = #expect(throws: DecodeError.self) {
            try AudioDecoder.decode(.init(url: Fixtures.url("reports/pictures-formats/\(heic)")))
        }
        #expect(sound?.reason == "is HEIC, and no recording")
        let picture = #expect(throws: DecodeError.self) {
            try ImageDecoder.decode(Fixtures.url("reports/sound-containers/aac.m4a"))
        }
        #expect(picture?.reason.hasPrefix("is MPEG-4 (M4A, MP4 or MOV), and no picture") == true)
    }

    struct Recording: Decodable {
        let rate: Int
        let channels: Int
        let frames: Int
        let places: [Int]
        let samples: [Float]
    }

    /// Against PyAV, averaged over channels: scripts/references/ffmpeg_sounds.py.
    @Test func soundOfContainersIsWhatFFmpegDecodes() throws {
        let expected: [String: Recording] = try Fixtures.json("reports/sound-containers/expected.json")
        #expect(expected.count == 8)
        for (name, recording) in expected {
            let clip = try AudioDecoder.decode(.init(url: Fixtures.url("reports/sound-containers/\(name)")))
            #expect(clip.rate == recording.rate && clip.samples.count == recording.frames, "\(name)")
            for (place, sample) in zip(recording.places, recording.samples) {
                // AAC's decoders differ in the last places from version to version.
                #expect(abs(clip.samples[place] - sample) < 1e-4, "\(name), frame \(place)")
            }
        }
    }

    @Test func stretchesOfContainersAreThoseOfTheWhole() throws {
        for name in ["aac.m4a", "opus.webm", "flac.mkv", "wma.wma"] {
            let url = Fixtures.url("reports/sound-containers/\(name)")
            let whole = try AudioDecoder.decode(.init(url: url))
            let part = try AudioDecoder.decode(.init(url: url, start: 0.3, end: 0.5))
            let start = Int(0.3 * Double(whole.rate))
            #expect(part.samples == Array(whole.samples[start..<Int(0.5 * Double(whole.rate))]), "\(name)")
        }
    }

    @Test func cutContainersAndFilmsWithoutSoundAreNamed() throws {
        let silent = #expect(throws: DecodeError.self) {
            try AudioDecoder.decode(.init(url: Fixtures.url("reports/sound-containers/silent.mp4")))
        }
        #expect(silent?.reason.hasPrefix("has no sound") == true)
        for name in ["aac.m4a", "aac.aac", "picture.mp4", "opus.webm", "flac.mkv", "pcm.mov"] {
            let url = Fixtures.url("reports/sound-containers/\(name)")
            let (data, whole) = (try Data(contentsOf: url), try AudioDecoder.decode(.init(url: url)))
            for part in 1..<10 {
                let cut = try? AudioDecoder.decode(.bytes(data.prefix(data.count * part / 10)))
                #expect(cut == nil || cut?.samples == whole.samples, "\(name), cut at \(part) tenths")
            }
        }
    }
}
