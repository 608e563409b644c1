internal import Foundation
internal import Torch

/// What Braid finds on a machine, and what keeps it from working there: what `braid doctor` shows.
public struct Diagnosis: Encodable, Sendable {
    /// One thing that was looked at.
    public struct Finding: Encodable, Sendable {
        /// Whether it is as it should be.
        public enum State: String, Encodable, Sendable {
            /// All is well.
            case ok
            /// Something does not work, or is slow, that not everybody needs.
            case warning
            /// Braid cannot do its work.
            case error
        }

        /// What was looked at.
        public let name: String
        /// How it is.
        public let state: State
        /// What was found.
        public let text: String
        /// What to do about it; nil where nothing is to be done.
        public let advice: String?

        init(_ name: String, _ text: String, _ state: State = .ok, advice: String? = nil) {
            (self.name, self.text, self.state, self.advice) = (name, text, state, advice)
        }
    }

    /// In the order in which they are shown.
    public let findings: [Finding]

    /// Whether something keeps Braid from its work.
    public var hasErrors: Bool { findings.contains { $0.state == .error } }

    /// Looks at the machine. Measures the ways of computing where no earlier command did, which takes some milliseconds.
    public init() {
        let environment = ProcessInfo.processInfo.environment
        let library = Self.libtorch()
        // Without it nothing can be computed with, nor measured.
        let found = library.state == .ok ? [Self.devices(), Self.choices()] : []
        findings =
            [Finding("braid", Version.current), library] + found + Self.processor()
            + [Self.cache(), Self.folder("working folder", URL(fileURLWithPath: "."))]
            + [Self.weights(), Self.environment(environment)]
    }

    /// A line a finding, what is to be done below it.
    public var table: String {
        let width = findings.map(\.name.count).max() ?? 0
        return findings.map { finding in
            let name = finding.name.padding(toLength: width, withPad: " ", startingAt: 0)
            let mark = finding.state == .ok ? "     " : finding.state == .warning ? "warn " : "ERROR"
            let advice = finding.advice.map { "\n      \(String(repeating: " ", count: width))  \($0)" } ?? ""
            return "\(mark) \(name)  \(finding.text)\(advice)\n"
        }.joined()
    }

    private static func libtorch() -> Finding {
        do { _ = try Device.cudaCount() } catch {
            return Finding("libtorch", error.message, .error, advice: "run make setup in Braid's checkout, or make install")
        }
        return Finding("libtorch", "\(Library.version), \(Library.path ?? "of an unknown place")")
    }

    private static func devices() -> Finding {
        let count = (try? Device.cudaCount()) ?? 0
        return Finding("devices", count > 0 ? "cpu, \(counted(count, "CUDA device"))" : "cpu; libtorch sees no CUDA device")
    }

    private static func processor() -> [Finding] {
        let facts = ProcessorFacts()
        let slow = facts.extensions.isEmpty
        let memory = ByteCount.text(Double(ProcessInfo.processInfo.physicalMemory))
        let threads = "\(counted(Processors.count, "thread")) of \(counted(Processors.all, "core"))"
        return [
            Finding(
                "processor", "\(facts.model); \(slow ? "no AVX2" : facts.extensions.joined(separator: ", "))",
                slow ? .warning : .ok,
                advice: slow ? "libtorch is several times slower without AVX2: use another machine for more than a try" : nil),
            Finding("threads", "\(threads); --threads or OMP_NUM_THREADS changes it"),
            Finding("memory", memory),
        ]
    }

    private static func choices() -> Finding {
        do {
            let ways = try RememberedChoices.all().sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return Finding("fastest ways", ways.joined(separator: ", "))
        } catch { return Finding("fastest ways", "\(error)", .error, advice: "set the variable to one of these, or not at all") }
    }

    private static func cache() -> Finding {
        let place = folder("cache", UserCache.folder(), "set BRAID_CACHE to a folder that can be written to, or use --no-cache")
        guard place.state == .ok, let report = try? EmbeddingCacheReport(.standard()) else { return place }
        return Finding(
            "cache", "\(place.text); \(report.size) of at most \(ByteCount.text(Double(report.limitBytes))) (BRAID_CACHE_GB)")
    }

    /// Whether a file can be made in a folder, and how much room there is.
    private static func folder(_ name: String, _ url: URL, _ advice: String = "work in a folder that you may write to") -> Finding {
        let trial = url.appendingPathComponent(".\(UUID().uuidString).tmp")
        do {
            try FileFault.makeFolder(url)
            try AtomicFile.write("", to: trial)
            try FileManager.default.removeItem(at: trial)
        } catch {
            return Finding(name, "\(url.path): \(Causes.text(of: error))", .warning, advice: advice)
        }
        let free = (try? FileManager.default.attributesOfFileSystem(forPath: url.path))?[.systemFreeSize] as? NSNumber
        let room = free.map { "\(ByteCount.text($0.doubleValue)) free" } ?? "free room unknown"
        let isFull = free.map { $0.doubleValue < 1e9 } ?? false
        return Finding(
            name, "\(url.path), can be written to, \(room)", isFull ? .warning : .ok,
            advice: isFull ? "a run with large encoders may take more than is free" : nil)
    }

    private static func weights() -> Finding {
        let names = BundledWeights.names()
        let usual = "efficientnet-lite0"
        guard names.contains(usual) else {
            return Finding(
                "weights", "bundled: \(names.joined(separator: ", "))", .warning,
                advice: "bundled:\(usual), for photographs, is not at hand: run make weights in Braid's checkout")
        }
        return Finding("weights", "bundled: \(names.joined(separator: ", "))")
    }

    /// The variables that Braid and what it stands on look at. What may be a secret is not shown.
    private static func environment(_ environment: [String: String]) -> Finding {
        let prefixes = ["BRAID_", "HF_", "OMP_", "GOMP_", "MKL_", "ONEDNN_", "CUDA_"]
        let known = environment.filter { variable in prefixes.contains(where: variable.key.hasPrefix) || variable.key == "LIBTORCH"
        }
        let shown = known.sorted { $0.key < $1.key }.map { name, value in
            name.contains("TOKEN") ? "\(name) is set" : "\(name)=\(value)"
        }
        return Finding("environment", shown.isEmpty ? "nothing set that acts" : shown.joined(separator: ", "))
    }
}
