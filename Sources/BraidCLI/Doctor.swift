import ArgumentParser
import Braid
import Foundation

struct Doctor: ComputingCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at this machine: versions, processor, threads, cache, weights, and what keeps Braid from working.",
        discussion: "Ends with 69 where something keeps it from working, else with 0. A report of a fault wants its output.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func run() throws {
        let diagnosis = Diagnosis()
        if json { try printJSON(diagnosis) } else { try emit(diagnosis.table) }
        if diagnosis.hasErrors { throw ExitCode(BraidError.Code.unavailable.rawValue) }
    }
}
