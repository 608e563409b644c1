import Foundation
import TestSupport
import Testing

/// Commands that die, are stopped, or find the disk full, the folder gone or taken: nothing finished is lost, and the message says what to do.
@Suite(.serialized) struct FaultTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.writePictures(60)
        try folder.write(
            """
            manifest: m.csv
            modalities: {image: {weights: "\(Fixtures.url("resnet").path)"}}
            fusion: {type: concat}
            training: {epochs: 100000, early_stopping: {patience: 0}, checkpoint: {steps: 1}}
            """, as: "c.yaml")
    }

    private func shell(_ line: String, _ environment: [String: String] = [:]) throws -> Ended {
        try Ended(shell: line, in: folder.url, environment)
    }
    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.url.appendingPathComponent(name).path)
    }
    private func names(_ name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.appendingPathComponent(name).path).sorted()
    }

    /// Begins a training without an end in the background, waits for its first checkpoint, and runs `then`, in which `$run` is its process.
    private func during(_ then: String) throws -> Ended {
        try shell(
            """
            "$braid" train c.yaml --out run --quiet 2>first & run=$!
            for i in $(seq 400); do [ -e run/checkpoints/last/state.json ] && break; sleep 0.05; done
            \(then)
            """)
    }

    @Test func twoTrainingsDoNotWriteIntoOneFolder() throws {
        let ended = try during(
            """
            "$braid" train c.yaml --out run; echo "second $?"
            "$braid" train c.yaml --out run --resume; echo "third $?"
            "$braid" evaluate run/model --manifest m.csv --out run; echo "fourth $?"
            kill -INT $run; wait $run; echo "first $?"; cat first
            """)
        #expect(ended.out.contains("second 73\nthird 73\n"), "\(ended.out)")
        #expect(ended.error.contains("run is being written by another braid (process "))
        #expect(ended.error.contains("wait until it has ended, or name another folder with --out"))
        #expect(ended.out.contains("first 130"), "\(ended.out)")
        #expect(!exists("run/.braid.lock"))
    }

    @Test(arguments: [("INT", 130), ("TERM", 143)]) func aSignalEndsATrainingAfterItsStep(_ signal: String, _ code: Int) throws {
        let ended = try during("kill -\(signal) $run; wait $run; echo \"code $?\"; cat first")
        #expect(ended.out.contains("code \(code)"), "\(ended.out)")
        #expect(ended.out.contains("SIG\(signal): stopping after the step at hand"), "\(ended.out)")
        #expect(ended.out.contains("the checkpoint is written: go on with braid train c.yaml --out run --resume"), "\(ended.out)")
        #expect(try names("run/checkpoints") == ["best", "choices.json", "last"])
        let resumed = try shell(
            "\"$braid\" train c.yaml --out run --resume --quiet & run=$!; sleep 1; kill -TERM $run; wait $run; echo $?")
        #expect(resumed.out == "143\n", "\(resumed.out)\(resumed.error)")
    }

    /// Where nothing listens the command ends at once, and says so.
    @Test(arguments: [("INT", 130), ("TERM", 143)]) func aSignalEndsOtherCommandsWithALine(_ signal: String, _ code: Int) throws {
        let ended = try shell(
            """
            "$braid" models list --measure >/dev/null 2>error & run=$!
            sleep 1; kill -\(signal) $run; wait $run; echo "code $?"; cat error
            """)
        #expect(ended.out.contains("code \(code)") && ended.out.hasSuffix("ended by SIG\(signal)\n"), "\(ended.out)")
    }

    @Test(arguments: [("INT", 130), ("TERM", 143)]) func anExportThatIsStoppedGoesOn(_ signal: String, _ code: Int) throws {
        let embed = "\"$braid\" embed c.yaml --manifest m.csv --out e --part-size 1 --no-cache --quiet"
        let ended = try shell(
            """
            \(embed) 2>error & run=$!
            for i in $(seq 400); do [ -e e/part-00000.ids.txt ] && break; sleep 0.01; done
            kill -\(signal) $run; wait $run; echo "code $?"; cat error
            """)
        #expect(ended.out.contains("code \(code)"), "\(ended.out)")
        #expect(
            ended.out.contains("stopped before the end: go on with braid embed c.yaml --manifest m.csv --out e --resume"),
            "\(ended.out)")
        #expect(exists("e/plan.json") && !exists("e/index.json") && !exists("e/.braid.lock"))
        #expect(try shell("\(embed) --resume").code == 0)
        #expect(exists("e/index.json"))
    }

    @Test func aFolderThatVanishesIsNotMadeAnew() throws {
        let ended = try during("rm -rf run; wait $run; echo \"code $?\"; cat first")
        #expect(ended.out.contains("code 73"), "\(ended.out)")
        #expect(
            ended.out.contains("run is gone, or its config.yaml") || ended.out.contains("No such file or directory"), "\(ended.out)"
        )
        #expect(!exists("run/model"))
    }

    /// Weights are used where they lie: another program that empties their file takes them away from under a command.
    @Test func weightsThatAreCutShortMeanwhileAreNamed() throws {
        try folder.writeSentences()
        let trained = try shell("\"$braid\" train c.yaml --out run --quiet --set training.epochs=1")
        #expect(trained.code == 0, "\(trained.error)")
        try folder.write("modalities: {text: {weights: run/model/text}}\n", as: "e.yaml")
        let embed = "\"$braid\" embed e.yaml --manifest m.csv --out e --part-size 1 --no-cache --quiet"
        let ended = try shell(
            """
            cp run/model/text/model.safetensors whole
            \(embed) 2>error & run=$!
            for i in $(seq 400); do [ -e e/part-00000.ids.txt ] && break; sleep 0.01; done
            : > run/model/text/model.safetensors; wait $run; echo "code $?"; cat error; cat whole > run/model/text/model.safetensors
            """)
        #expect(ended.out.contains("code 66"), "\(ended.out)")
        #expect(
            ended.out.contains("/run/model/text/model.safetensors: was cut short while it was in use; put the whole file back"),
            "\(ended.out)")
        let resumed = try shell("\(embed) --resume")
        #expect(resumed.code == 0, "\(resumed.error)")
    }

    /// `ulimit -f` stands in for a full disk: writing fails in the middle of a file.
    @Test func aWriteThatFailsLeavesNoHalfFiles() throws {
        let short = "--set training.epochs=2"
        let failed = try shell("ulimit -f 20; \"$braid\" train c.yaml --out run --quiet \(short)")
        #expect(
            failed.code == 73 && failed.error.contains("File too large; raise the limit on the size of files"), "\(failed.error)")
        #expect(!failed.error.contains("NSCocoaErrorDomain") && failed.error.hasPrefix("error: /"), "\(failed.error)")
        let left =
            FileManager.default.enumerator(atPath: folder.url.appendingPathComponent("run").path)?.compactMap { $0 as? String }
            ?? []
        #expect(!left.contains { $0.hasSuffix(".tmp") || $0.hasSuffix(".new") || $0.hasSuffix(".lock") }, "\(left)")
        let resumed = try shell("\"$braid\" train c.yaml --out run --quiet --resume \(short)")
        #expect(resumed.code == 0, "\(resumed.error)")
        let export = try shell("ulimit -f 1; \"$braid\" embed c.yaml --manifest m.csv --out e --part-size 30 --quiet")
        #expect(export.code == 73 && export.error.contains("e/") && export.error.contains("File too large"), "\(export.error)")
        let report = try shell("ulimit -f 1; \"$braid\" evaluate run --manifest m.csv --out r --quiet")
        #expect(report.code == 73 && report.error.contains("r/") && report.error.contains("File too large"), "\(report.error)")
        #expect(try names("r").allSatisfy { !$0.hasPrefix(".") })
    }

    /// Less memory than a step wants: libtorch refuses, and the message says what to do. Where the language itself gets none the process ends, but
    /// the run goes on all the same.
    @Test func tooLittleMemoryIsNamedAndLosesNothing() throws {
        let wide = "--set training.batch_size=40 --set training.epochs=2 --set modalities.image.train=all"
        var codes: Set<Int32> = []
        for limit in stride(from: 700_000, through: 1_500_000, by: 100_000) {
            let ended = try shell(
                """
                rm -rf run; ulimit -v \(limit); ulimit -c 0
                "$braid" train c.yaml --out run --quiet --threads 1 \(wide) 2>error; code=$?
                grep -q 'not enough memory.*Lower training.batch_size' error && [ $code = 69 ] && exit 69; [ $code = 0 ] && exit 0; exit 1
                """, ["SWIFT_BACKTRACE": "enable=no"])
            codes.insert(ended.code)
            if ended.code == 69, exists("run/config.yaml") {
                let resumed = try shell("\"$braid\" train c.yaml --out run --quiet --threads 1 --resume \(wide)")
                #expect(resumed.code == 0, "\(resumed.error)")
                break
            }
        }
        #expect(codes.contains(69) || codes.contains(0), "\(codes)")
    }

    @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
        try folder.write("a file", as: "file")
        for line in [
            "train c.yaml --out file/run", "embed c.yaml --manifest m.csv --out file/e", "search c.yaml --out /proc/none/s",
            "curve c.yaml --out /proc/none/c --no-scratch", "compare c.yaml --out /proc/none/p --seeds 1",
            "init m.csv --out file/c.yaml",
            "check m.csv --faults /proc/none/f",
        ] {
            let ended = try shell("\"$braid\" \(line)")
            #expect(ended.code == 73, "\(line): \(ended.error)")
            #expect(ended.error.contains("cannot be ") && !ended.error.contains("NSCocoaErrorDomain"), "\(line): \(ended.error)")
        }
    }

    /// How a line runs the command as somebody who may do less: root may do everything.
    private static let asOther = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups " : ""
    /// Whether there is somebody, and the command lies where they can reach it.
    private static let canBeOther: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        return
            (try? Ended(
                shell: "\(asOther)test -x \"$braid\" && \(asOther)test -r '\(Fixtures.url("resnet").path)/config.json'",
                in: folder.url))?
            .code == 0
    }()

    /// What may not be read or written: each is named, as is what is missing, and nothing is taken for what it is not.
    @Test(.enabled(if: canBeOther)) func missingPermissionsAreNamed() throws {
        let weights = Fixtures.url("resnet").path
        let set = try shell(
            """
            cp m.csv locked.csv; cp c.yaml locked.yaml; cp '\(Fixtures.url("images/grey8.png").path)' locked.png
            printf "id,image,label\\n1,locked.png,a\\n" >one.csv
            cp -r '\(weights)' w; cp -r '\(weights)' folder; mkdir open closed cache; chmod 777 open
            mkdir -p open/run; cp c.yaml open/run/config.yaml; mkdir open/run/model; echo '{}' >open/run/model/model.json
            chmod 0 locked.csv locked.yaml locked.png w/model.safetensors folder open/run/model; chmod 555 closed cache
            """)
        #expect(set.code == 0, "\(set.error)")
        let home = "HOME='\(folder.url.path)/open' BRAID_CACHE='\(folder.url.path)/open/cache'"
        for (line, code, said) in [
            ("check locked.csv", 66, "locked.csv: the manifest cannot be read: no permission"),
            ("check locked.yaml", 66, "locked.yaml: the configuration cannot be read: no permission"),
            ("check one.csv", 65, "one.csv:2: image: "),
            ("check one.csv", 65, "locked.png: cannot be read: no permission"),
            ("models info w", 66, "w/model.safetensors: cannot be read: no permission"),
            ("models info folder", 66, "no permission"),
            ("predict open/run --manifest m.csv", 66, "open/run/model/model.json: cannot be reached: no permission"),
            ("train c.yaml --out closed/run", 73, "closed/run: cannot be created: Permission denied"),
            ("train c.yaml --out closed", 73, "closed: cannot be written to: Permission denied"),
            ("init m.csv --out closed/c.yaml", 73, "closed/c.yaml: cannot be written: Permission denied"),
        ] {
            let ended = try shell("\(home); export HOME BRAID_CACHE; \(Self.asOther)\"$braid\" \(line)")
            #expect(Int(ended.code) == code && (ended.error + ended.out).contains(said), "\(line): \(ended.code) \(ended.error)")
        }
        // A cache that cannot be written to is no reason to end.
        let embed = "embed c.yaml --manifest m.csv --out open/e"
        let ended = try shell(
            "BRAID_CACHE='\(folder.url.path)/cache' HOME=/none; export BRAID_CACHE HOME; \(Self.asOther)\"$braid\" \(embed)")
        #expect(ended.code == 0 && ended.error.contains("embeddings are not cached: "), "\(ended.code) \(ended.error)")
        // So that the folder can be deleted by whoever made it.
        _ = try shell("chmod -R u+rwX .")
    }

    /// A crash between two renames leaves the model under another name. Reading finds it there, and leaves it.
    @Test func readingAModelChangesNothing() throws {
        #expect(
            try shell("\"$braid\" train c.yaml --out run --quiet --set training.epochs=1 && mv run/model run/.model.old").code == 0)
        let before = try names("run")
        for model in ["run", "run/model"] {
            let ended = try shell("\"$braid\" predict \(model) --manifest m.csv --quiet")
            #expect(ended.code == 0 && ended.out.hasPrefix("id,"), "\(ended.error)")
            #expect(try names("run") == before)
        }
    }
}
