public import ArgumentParser
import Braid
import Foundation

/// The whole command, `braid`.
///
/// An executable that registers encoders of its own calls `main()` after that.
public struct BraidCommand: ParsableCommand {
    /// Makes one without arguments; argument parsing fills it in.
    public init() {}

    /// The command's name, its help, its version and its subcommands.
    public static let configuration = CommandConfiguration(
        commandName: "braid",
        abstract: "Train, evaluate and take apart classifiers that fuse image, text and audio.",
        discussion: """
            Start with a manifest, one row a sample (columns image, text, audio, label):
              braid init manifest.csv > config.yaml
              braid train config.yaml --out runs/first
              braid ablate runs/first --manifest manifest.csv
            """,
        version: Version.current,
        subcommands: [
            Init.self, Check.self, Show.self, Train.self, Evaluate.self, Predict.self, Embed.self, Ablate.self, Compare.self,
            SearchCommand.self, Curve.self, DriftCommand.self, Merge.self, Probe.self, Choose.self, ZeroShotCommand.self,
            Retrieve.self,
            Models.self, Cache.self, Doctor.self,
        ])

    /// Runs the command; an error ends the process with a code of sysexits(3), whatever threw it.
    public static func main() {
        StandardStreams.prepare()
        CutFiles.sayWhich()
        do {
            try Limit.read(ProcessInfo.processInfo.environment)
            try ArgumentCheck(Array(CommandLine.arguments.dropFirst()))()
            var command = try parseAsRoot()
            if let command = command as? any ComputingCommand { try command.threads.startAgain() }
            _ = StopSignals.shared
            try command.run()
        } catch let error as BraidError {
            fail(error.description, error.code)
        } catch let code as ExitCode {
            // That a command chose: 1 is a verdict of braid drift's, and no failure.
            Foundation.exit(code.rawValue)
        } catch is ReaderGone {
            Foundation.exit(ReaderGone.code)
        } catch  where exitCode(for: error) != .failure {
            answer(error)
        } catch {
            fail(Causes.text(of: error), Causes.code(of: error))
        }
    }

    /// Ends with what argument parsing has to say: what is wrong with the arguments, or the help that was asked for.
    private static func answer(_ error: any Error) -> Never {
        let (code, message) = (exitCode(for: error), fullMessage(for: error))
        guard code == .success else {
            StandardStreams.tell(message + "\n")
            Foundation.exit(code.rawValue)
        }
        do { try emitLine(message) } catch let error as BraidError { fail(error.description, error.code) } catch {
            Foundation.exit(ReaderGone.code)
        }
        Foundation.exit(0)
    }

    private static func fail(_ message: String, _ code: BraidError.Code) -> Never {
        StandardStreams.tell("error: \(message)\n")
        Foundation.exit(code.rawValue)
    }
}
