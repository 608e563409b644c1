import Foundation
import LibFuzzer

// fuzz TARGET [CORPUS …] [-option=value …]: one of the readers under libFuzzer, whose options are those of llvm.org/docs/LibFuzzer.html.
guard CommandLine.arguments.count > 1, let target = FuzzTarget.all.first(where: { $0.name == CommandLine.arguments[1] }) else {
    print(FuzzTarget.all.map(\.name).joined(separator: "\n"))
    exit(CommandLine.arguments.count > 1 ? 64 : 0)
}
Chosen.target = target
var arguments: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + CommandLine.arguments.dropFirst(2)).map { strdup($0) }
arguments.append(nil)
var count = CInt(arguments.count - 1)
let status = arguments.withUnsafeMutableBufferPointer { list in
    var base = list.baseAddress
    return LLVMFuzzerRunDriver(&count, &base) { data, size in
        Chosen.run(UnsafeRawBufferPointer(start: data, count: size))
        return 0
    }
}
exit(status)
