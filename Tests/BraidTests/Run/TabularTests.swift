import Foundation
import TestSupport
import Testing

@testable import Braid

/// Columns of numbers and categories as a modality: fitted, trained, stored, resumed, hidden, refused.
@Suite struct TabularTests {
    private let folder: TemporaryFolder
    private var manifest: URL { folder.url.appendingPathComponent("manifest.csv") }

    init() throws {
        folder = try TemporaryFolder()
        var rows = ["id,split,age,fee,breed,image,label"]
        for index in 0..<48 {
            let isYes = (index / 2 + index) % 2 == 0
            let age = index % 7 == 0 ? "" : "\((isYes ? 10 : 40) + index % 5)"
            try TestMedia.greyPNG(level: 120, seed: index).write(to: folder.url.appendingPathComponent("\(index).png"))
            let split = index < 24 ? "train" : index < 36 ? "val" : "test"
            let breed = ["Tabby", "Beagle", "Poodle"][index % 3]
            rows.append("\(index),\(split),\(age),\(index % 4).5,\(breed),\(index).png,\(isYes ? "yes" : "no")")
        }
        try folder.write(rows.joined(separator: "\n") + "\n", as: "manifest.csv")
    }

    private static func age(_ index: Int) -> Double {
        let isYes = (index / 2 + index) % 2 == 0
        return Double((isYes ? 10 : 40) + index % 5)
    }

    private static let table = "tabular: {numbers: [age, fee], categories: [breed]}"
    private var image: String { "image: {weights: \"\(Fixtures.url("resnet").path)\"}" }

    private func configuration(
        _ overrides: [String] = [], _ modalities: String? = nil, fusion: String = "{type: concat, dim: 8}", _ more: String = ""
    ) throws -> Configuration {
        let yaml = """
            modalities:
              \(modalities ?? "\(image)\n  \(Self.table)")
            fusion: \(fusion)
            \(more)
            """
        let training =
            fusion.contains("concat") ? ["training.epochs=8", "training.batch_size=8", "training.learning_rate=0.01"] : []
        return try Configuration.parse(yaml, folder: folder.url, overrides: training + overrides)
    }

    private func train(_ name: String, _ configuration: Configuration, resume: Bool = false) throws -> Training.Outcome {
        try Training(configuration, into: RunFolder(folder.url.appendingPathComponent(name)))(resume: resume)
    }

    private func inference(_ name: String, _ manifest: URL? = nil, reporter: any Reporter = SilentReporter()) throws -> Inference {
        try Inference(
            model: folder.url.appendingPathComponent(name), manifest: manifest ?? self.manifest, rows: .all, needsLabels: false,
            Inference.Options(device: .cpu, reporter: reporter))
    }

    @Test(arguments: ["{type: concat, dim: 8}", "{type: stacked}", "{type: auto}"])
    func aTableIsLearntFromStoredAndHidden(_ fusion: String) throws {
        let outcome = try train("run", configuration(fusion: fusion))
        let test = try #require(outcome.test?.primary)
        #expect(try test.confusion().accuracy > 0.8)
        let session = try inference("run")
        let again = try session.predict().keeping { $0.split == .test }.primary
        for (one, other) in zip(test.values, again.values) { for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-5) } }
        let config = try JSONObject(folder.url.appendingPathComponent("run/model/tabular/config.json"))
        #expect(try config.string("architecture") == "columns")
        let weights = folder.url.appendingPathComponent("run/model/tabular/model.safetensors")
        #expect(!FileManager.default.fileExists(atPath: weights.path))
        // Of the 24 train rows alone, less those that have no age.
        let mean = try TableEncoding(config).numbers[0].mean
        var ages: [Double] = []
        for index in 0..<24 where index % 7 != 0 { ages.append(Self.age(index)) }
        #expect(abs(mean - ages.reduce(0, +) / Double(ages.count)) < 1e-9)
        #expect(try Ablation(inference("run")).table.contains("image + tabular"))
    }

    @Test func layersAreTrainedOnItAndResumed() throws {
        let table = "tabular: {encoder: columns-mlp, train: all, hidden: [16, 8], numbers: [age, fee], categories: [breed]}"
        let made = try configuration([], table)
        let run = RunFolder(folder.url.appendingPathComponent("run"))
        #expect(throws: CancellationError.self) {
            try Training(made, into: run) { if $0 == 3 { throw CancellationError() } }()
        }
        let resumed = try train("run", made, resume: true)
        let whole = try train("whole", made)
        #expect(resumed.history.map(\.trainLoss) == whole.history.map(\.trainLoss))
        let test = try #require(resumed.test?.primary)
        #expect(try test.confusion().accuracy > 0.8)
        let again = try inference("run").predict().keeping { $0.split == .test }.primary
        for (one, other) in zip(test.values, again.values) { for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-5) } }
        // The same columns by the folder that the run has written, and further rows to go on from.
        let frozen = try configuration([], "tabular: {weights: run/model/tabular, numbers: [age, fee], categories: [breed]}")
        #expect(try train("frozen", frozen).model.modalities == [.tabular])
        #expect(try train("further", configuration(["init_from=run"], table)).model.lineage?.stage == 2)
    }

    @Test func newCategoriesMissingCellsAndColumnsAreAnswered() throws {
        _ = try train("run", configuration())
        let new = try folder.write("id,age,fee,breed\n1,12,0.5,Unheard\n2,,,Tabby\n3,NaN,1.5,\n", as: "new.csv")
        let heads = try inference("run", new).predict().heads
        #expect(heads[0].values.count == 3 && heads[0].values.joined().allSatisfy(\.isFinite))
        let less = try folder.write("id,age,breed,price\n1,12,Tabby,3\n", as: "less.csv")
        let listener = NoteKeeper()
        #expect(try inference("run", less, reporter: listener).samples.count == 1)
        #expect(listener.notes.contains { $0.hasSuffix("count as empty in every row: fee") }, "\(listener.notes)")
        // A row by itself, and one with a column that is misspelt.
        let model = folder.url.appendingPathComponent("run")
        let answer = { (text: String) in
            let sample = Sample(id: "one", line: 0, media: [.tabular: .inline(text)])
            return try Inference(model: model, samples: [sample], Inference.Options(device: .cpu)).predict()
        }
        #expect(try answer("{\"age\": 12, \"breed\": \"Tabby\"}").heads[0].values.count == 1)
        let error = try #require(throws: (any Error).self) { try answer("{\"agee\": 12}") }
        #expect("\(error)".contains("agee: is none of the table's columns, age, breed, fee; did you mean age?"), "\(error)")
    }

    @Test func checkNamesWhatIsNoNumber() throws {
        #expect(try DataCheck(configuration()).errors.isEmpty)
        let text = try String(contentsOf: manifest, encoding: .utf8)
            .replacingOccurrences(of: "\n2,train,11,", with: "\n2,train,\"1,1\",").replacingOccurrences(
                of: "\n2,train,41,", with: "\n2,train,\"1,1\","
            )
            .replacingOccurrences(of: "\n2,train,12,", with: "\n2,train,\"1,1\",").replacingOccurrences(
                of: "\n2,train,42,", with: "\n2,train,\"1,1\",")
        try folder.write(text, as: "manifest.csv")
        let errors = try DataCheck(configuration()).errors
        #expect(errors.count == 1 && errors[0].hasPrefix("manifest.csv:4: age: \"1,1\" is not a number"), "\(errors)")
        #expect(throws: BraidError.self) { try train("run", configuration()) }
    }

    @Test func rowsThatAreAlikeAreNoLeakage() throws {
        var rows = ["split,a,label"]
        for index in 0..<30 { rows.append("\(["train", "val", "test"][index % 3]),\(index % 2),\(index % 2 == 0 ? "x" : "y")") }
        try folder.write(rows.joined(separator: "\n"), as: "manifest.csv")
        let check = try DataCheck(configuration([], "tabular: {categories: [a]}"))
        #expect(check.errors.isEmpty && check.warnings.isEmpty, "\(check.errors)\(check.warnings)")
    }

    @Test func aColumnWithoutAnyValueIsAFault() throws {
        try folder.write("split,a,b,label\ntrain,1,,x\ntrain,2,,y\nval,1,,x\nval,2,3,y\n", as: "manifest.csv")
        let error = try #require(throws: BraidError.self) {
            try train("run", configuration([], "tabular: {numbers: [a, b]}"))
        }
        #expect("\(error)".contains("b: none has a value; leave the column out"), "\(error)")
        try folder.write("split,a,b,label\ntrain,1,,x\ntrain,2,,y\nval,1,,x\nval,2,,y\n", as: "manifest.csv")
        let errors = try DataCheck(configuration([], "tabular: {numbers: [a, b]}")).errors
        #expect(errors == ["column b is empty in every row; leave it out of its table"])
    }

    @Test(arguments: [
        ("tabular: {}", "modalities: name at least one of"),
        ("tabular: {weights: fit}", "modalities.tabular: names no column"),
        ("tabular: {numbers: [age, age]}", "column age is listed twice"),
        ("tabular: {numbers: [label]}", "column label is what is to be learnt"),
        ("tabular: {categories: [id]}", "column id is the id"),
        ("tabular: {numbers: [age], train: all}", "of which columns has nothing"),
        ("tabular: {numbers: [age], encoder: columns-mlp}", "columns-mlp begins at random; set train: all"),
        ("tabular: {numbers: [age], encoding: standard, bins: 4}", "acts only with encoding: quantile"),
        ("tabular: {numbers: [age], hidden: [8]}", "acts only with encoder: columns-mlp"),
        ("tabular: {numbers: [age], precision: bf16}", "a table is encoded in fp32"),
        ("tabular: {numbers: [age], column: age}", "modalities.tabular.column: unknown key"),
        ("tabular: {numbers: [age], weights: random}", "weights: random needs an encoder"),
        ("tabular: {numbers: [age], weights: nowhere}", "there is no such file or folder"),
        ("tabular: {numbers: [agee]}", "agee: modalities.tabular lists this column, and it is not there"),
        ("text: {weights: fit}", "fit is for tables"),
    ])
    func whatCannotBeIsRefused(_ modalities: String, _ message: String) throws {
        let error = try #require(throws: (any Error).self) {
            try train("run", configuration(["columns.ignore=[image, fee, breed]", "on_bad_sample=skip"], modalities))
        }
        #expect("\(error)".contains(message), "\(error)")
    }

    /// Two tables of one manifest, and the column that would otherwise be how much a row counts.
    @Test func tablesMayBeNamedAndTakeTheColumnWeight() throws {
        var rows = ["split,weight,colour,label"]
        for index in 0..<30 {
            rows.append(
                "\(["train", "val", "test"][index % 3]),\(-index),\(index % 2 == 0 ? "red" : "blue"),\(index % 2 == 0 ? "x" : "y")")
        }
        try folder.write(rows.joined(separator: "\n"), as: "manifest.csv")
        let tables = "body: {kind: tabular, numbers: [weight]}\n  looks: {kind: tabular, categories: [colour]}"
        let outcome = try train("run", configuration([], tables))
        #expect(outcome.model.modalities.map(\.rawValue) == ["body", "looks"])
        #expect(try inference("run").samples.allSatisfy { $0.weight == 1 && $0.media.count == 2 })
    }

    @Test func initProposesNumbersAndCategoriesAndNothingElse() throws {
        var rows = ["PetID,row,RescuerName,age,fee,sex,file,twin,notes,group,label"]
        for index in 0..<60 {
            let label = index % 3 == 0 ? "kept" : "given"
            rows.append(
                "p\(index * 7 % 61),\(index),name \(index),\(index * 37 % 101),\(index % 4 == 0 ? "" : "\(index % 11).5"),\(["m", "f"][index / 2 % 2]),a/\(index).dat,\(label == "kept" ? 1 : 2),many words of number \(index),g\(index % 9),\(label)"
            )
        }
        try folder.write(rows.joined(separator: "\n"), as: "manifest.csv")
        let yaml = try ConfigurationProposal.yaml(for: manifest, relativeTo: folder.url)
        #expect(yaml.contains("numbers: [\"age\", \"fee\"]\n    categories: [\"sex\"]\n"), "\(yaml)")
        #expect(yaml.contains("ignore: [\"PetID\", \"row\", \"RescuerName\", \"file\", \"twin\", \"notes\"]"), "\(yaml)")
        let configuration = try Configuration.parse(yaml, folder: folder.url)
        #expect(try DataCheck(configuration).errors.isEmpty)
        #expect(try train("run", configuration).model.modalities == [.tabular])
    }
}

/// Keeps what it is told.
private final class NoteKeeper: Reporter, @unchecked Sendable {
    private(set) var notes: [String] = []
    var isListening: Bool { true }
    func note(_ text: String) { notes.append(text) }
    func begin(_ title: String, total: Int, unit: StepUnit) -> any StepProgress {
        SilentReporter().begin(title, total: total, unit: unit)
    }
}
